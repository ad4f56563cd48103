"""What a kind of positions gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from tcclip.models.part import Part

SPACE = "positional_embedding"  # CLIP's table, (1+N, D)
TIME = "time_embedding"  # (T, D), which CLIP has not


class PositionTable(NamedTuple):
    """The vision tower's position table: its name below `visual.`, and its shape, which CLIP's broadcasts to."""

    name: str
    shape: tuple[int, ...]
    part: Part | None = None  # an embedding of time beside it, `visual.time_embedding`

    def start(self, clip: Tensor) -> Tensor:
        """First values from CLIP's table."""
        return clip.expand(self.shape).clone()

    def of(self, tower: nn.Module) -> Tensor:
        """What the tokens of all frames get, (1+N, D) or (T, 1+N, D)."""
        table: Tensor = getattr(tower, self.name)
        if self.part is None:
            return table
        time: Tensor = getattr(tower, TIME)
        return table + time[:, None]
