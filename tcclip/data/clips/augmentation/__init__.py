"""What training changes in a clip (methods.md 1.3). A kind's module has `make(settings) -> Augment`."""
