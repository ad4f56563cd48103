"""Transformer blocks over the frames, added to the frames, and their mean (ActionCLIP's "Transf")."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """Its position table has 77 rows, of which a view takes one a frame: weights fit any number of frames to that."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["transf"] = "transf"
    blocks: Annotated[int, Field(ge=1)] = 6  # transformer blocks over the frames
