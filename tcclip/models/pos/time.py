"""CLIP's position table, shared by all frames, plus a learned vector for each frame (systems/vita_clip.md 1)."""

from __future__ import annotations

import torch
from torch import nn

from tcclip.models.part import Part
from tcclip.models.pos.table import SPACE, TIME, PositionTable
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pos.time import Settings


def make(settings: Settings, config: BackboneConfig, frames: int) -> PositionTable:
    """The table's name and shape, and the embedding of time (T, D), which starts as N(0, .02)."""
    width = config.vision_width
    part = Part("pos", "visual", lambda: TimeEmbedding(frames, width))
    return PositionTable(SPACE, (config.patches + 1, width), part)


class TimeEmbedding(nn.Module):
    """Vectors (T, D) that every token of a frame gets, its class token too."""

    def __init__(self, frames: int, width: int) -> None:
        super().__init__()
        self.register_parameter(TIME, nn.Parameter(torch.empty(frames, width)))
