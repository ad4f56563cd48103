"""One position table, CLIP's, shared by all frames."""

from __future__ import annotations

from tcclip.models.pos.table import SPACE, PositionTable
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pos.space import Settings


def make(settings: Settings, config: BackboneConfig, frames: int) -> PositionTable:
    """The table's name and shape."""
    return PositionTable(SPACE, (config.patches + 1, config.vision_width))
