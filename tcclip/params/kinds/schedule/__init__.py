"""The learning rate over a training: settings."""
