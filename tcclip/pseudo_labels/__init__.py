"""Labels of training videos by a frozen model, and the training list of the surest (methods.md 3.8)."""
