"""`make test-gpu`: what can be known about a machine's GPU in ten minutes, the most wanted first."""
