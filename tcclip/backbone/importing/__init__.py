"""Other people's checkpoints as runs of ours."""
