"""Consecutive frames of the video at a rate that is drawn, in training and in a test (A5)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """A video is thinned to about every r-th frame, r drawn from `rates`, and T frames in a row are taken of it."""

    SECTION: ClassVar[str] = "sampling"
    kind: Literal["consecutive"] = "consecutive"
    # Rates r that are drawn alike; one that is there three times is drawn three times as often
    rates: Annotated[list[Count], Field(min_length=1)]
