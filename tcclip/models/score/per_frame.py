"""The mean over frames of CLIP's score of each frame (docs/spec/systems/open_vclip.md 2 and methods.md 3.7).

mean_t s cos(u_t, c) = s <mean_t u_t/|u_t|, c/|c|>: the mean of frames that are normalised is compared once, and not
normalised again.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from tcclip.models.score.scoring import Score, products
from tcclip.params.kinds.score.per_frame import Settings


def make(settings: Settings) -> Score:
    """No settings."""
    return per_frame


def per_frame(frames: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Frames (B, T, E) and texts (C, E), or (B, C, E) where the texts are a video's own, -> logits (B, C)."""
    videos = F.normalize(frames, dim=-1).mean(dim=1)  # (B, E), of length 1 at most
    return scale * products(videos, F.normalize(texts, dim=-1))
