"""Which videos the page shows (params/gallery.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.numbers import Count
from tcclip.params.reader import Params, read_file


class Gallery(Params):
    """The rule by which videos are chosen, and how they are shown."""

    pairs: list[tuple[str, str]]  # methods: the one that is right, the one that is wrong
    videos: Count  # of a pair and dataset
    frames: Count  # of a video
    height: Annotated[int, Field(ge=16)]  # pixels of a frame
    quality: Annotated[int, Field(ge=1, le=100)]  # of its JPEG


def load_gallery() -> Gallery:
    """Read params/gallery.yaml."""
    return read_file("gallery", Gallery)
