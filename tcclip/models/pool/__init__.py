"""How frame features become a video's. A kind's module has `make(settings, config, frames) -> Pool`."""
