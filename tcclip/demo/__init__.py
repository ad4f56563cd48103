"""A page on this machine alone: drop a video, type class names, and see what a model says and where it looks."""
