"""CLIP's score: exp(logit_scale) times the cosine."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from tcclip.models.score.scoring import Score, in_float32, products
from tcclip.params.kinds.score.cosine import Settings


def make(settings: Settings) -> Score:
    """No settings."""
    return cosine


@in_float32
def cosine(videos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Videos (B, E) and texts (C, E), or (B, C, E) where the texts are a video's own, -> logits (B, C)."""
    return scale * products(F.normalize(videos, dim=-1), F.normalize(texts, dim=-1))
