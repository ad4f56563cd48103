"""What a pool is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from tcclip.models.part import Part


class Pool(NamedTuple):
    """A way from frames to a video."""

    pool: Callable[[Tensor, nn.Module | None], Tensor]  # frames (B, T, E), own weights -> (B, E), or (B, T, E)
    part: Part | None = None
