"""A position table of its own for every frame, each starting as CLIP's."""

from __future__ import annotations

from tcclip.models.pos.table import PositionTable
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pos.joint import Settings

JOINT = "positional_embedding_joint"


def make(settings: Settings, config: BackboneConfig, frames: int) -> PositionTable:
    """The table's name and shape."""
    return PositionTable(JOINT, (frames, config.patches + 1, config.vision_width))
