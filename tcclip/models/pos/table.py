"""What a kind of positions gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.part import Part

SPACE = "positional_embedding"  # CLIP's table, (1+N, D)
TIME = "time_embedding"  # (T, D), which CLIP has not
ONE_FRAME = ("1+N", "D")  # dimensions of a table that all frames share


class PositionTable(NamedTuple):
    """The vision tower's position table: its name below `visual.`, and its shape, which CLIP's broadcasts to."""

    name: str
    shape: tuple[int, ...]
    part: Part | None = None  # an embedding of time beside it, `visual.time_embedding`

    def start(self, clip: Tensor) -> Tensor:
        """First values from CLIP's table."""
        return clip.expand(self.shape).clone()

    def of(self, tower: nn.Module, frames: int) -> Tensor:
        """What the tokens of frames get, (1+N, D) or (T, 1+N, D); T that it is not made for is a UserError."""
        table: Tensor = getattr(tower, self.name)
        if self.part is not None:
            time: Tensor = getattr(tower, TIME)
            table = table + time[:, None]
        if table.dim() > len(ONE_FRAME) and len(table) != frames:
            raise UserError(
                f"the model's positions are for videos of {len(table)} frames and this one has {frames}: build it for "
                f"{frames} frames (`frames` of the protocol); weights trained with {len(table)} do not fit then"
            )
        return table
