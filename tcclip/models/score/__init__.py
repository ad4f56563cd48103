"""How a video is compared with the classes' texts. A kind's module has `make(settings) -> Score`."""
