"""CLIP's score: exp(logit_scale) times the cosine."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.score.scoring import Score, in_float32
from tcclip.params.kinds.score.cosine import Settings


def make(settings: Settings) -> Score:
    """No settings."""
    return cosine


@in_float32
def cosine(videos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Videos (B, E) and texts (C, E), or (B, C, E) where the texts are a video's own, -> logits (B, C)."""
    videos = F.normalize(videos, dim=-1)
    texts = F.normalize(texts, dim=-1)
    return scale * (videos @ texts.T if texts.dim() == 2 else torch.einsum("be,bce->bc", videos, texts))
