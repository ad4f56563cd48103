"""T frames at a fixed stride, wherever they start (methods.md 1.2; systems/vita_clip.md 7.8)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """T belongs to the protocol. A test's windows are spread evenly in both modes of its views: nothing is drawn."""

    SECTION: ClassVar[str] = "sampling"
    kind: Literal["dense"] = "dense"
    stride: Count = 16  # frames of the video from one frame of a clip to the next
