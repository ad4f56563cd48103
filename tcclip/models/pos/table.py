"""What a kind of positions gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

SPACE = "positional_embedding"  # CLIP's table, (1+N, D)


class PositionTable(NamedTuple):
    """The vision tower's position table: its name below `visual.`, and its shape, which CLIP's broadcasts to."""

    name: str
    shape: tuple[int, ...]

    def start(self, clip: Tensor) -> Tensor:
        """First values from CLIP's table."""
        return clip.expand(self.shape).clone()
