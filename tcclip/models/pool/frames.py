"""No pooling: a score gets the features of all frames."""

from __future__ import annotations

from torch import Tensor, nn

from tcclip.models.pool.pooling import Pool
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.frames import Settings


def make(settings: Settings, config: BackboneConfig, frames: int) -> Pool:
    """No weights of its own."""
    return Pool(kept)


def kept(frames: Tensor, own: nn.Module | None) -> Tensor:
    """Frames (B, T, E) as they are."""
    return frames
