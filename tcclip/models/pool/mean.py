"""The mean over frames."""

from __future__ import annotations

from torch import Tensor, nn

from tcclip.models.pool.pooling import Pool
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.mean import Settings


def make(settings: Settings, config: BackboneConfig, frames: int) -> Pool:
    """No weights of its own."""
    return Pool(mean)


def mean(frames: Tensor, own: nn.Module | None) -> Tensor:
    """Frames (B, T, E) -> videos (B, E)."""
    return frames.mean(dim=1)
