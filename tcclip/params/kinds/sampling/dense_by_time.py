"""T frames spread over a window of fixed duration, as a program does that counts time and not frames (Open-VCLIP)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count, Positive


class Settings(Kind):
    """T belongs to the protocol. A test's windows do not depend on the mode of its views: nothing is drawn."""

    SECTION: ClassVar[str] = "sampling"
    kind: Literal["dense_by_time"] = "dense_by_time"
    stride: Count = 16  # frames at `rate` that a window has for each frame of a clip
    rate: Positive = 30.0  # frames per second that the stride is counted at, whatever a video's own
