"""Clips: which frames of a video a model gets, and how they are changed on the way."""
