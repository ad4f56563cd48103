"""Transformer blocks over the frames and the mean of their output, nothing added to it (A5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """A5's temporal blocks. Their position table has a row for each frame, so weights fit one number of frames."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["temporal"] = "temporal"
    blocks: Literal[1, 2] = 2  # transformer blocks over the frames
