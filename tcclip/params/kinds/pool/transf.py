"""Transformer blocks over the frames, added to the frames, and their mean (ActionCLIP's "Transf")."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """Its position table has 77 rows, of which a view takes one a frame: weights fit any number of frames to that."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["transf"] = "transf"
    blocks: Count = 6  # transformer blocks over the frames
