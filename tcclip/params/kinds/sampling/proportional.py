"""One frame of each of T segments that together are the whole video, however F divides (ActionCLIP)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """Segments that leave no frame out."""

    SECTION: ClassVar[str] = "sampling"
    kind: Literal["proportional"] = "proportional"
    training: Literal["random", "centre"] = "random"  # one frame of each segment at random | those of a test
