"""The learning rate over a training (methods.md 1.5). A kind's module has `make(settings) -> Schedule`."""
