"""What a score is, and that it is computed in float32."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from tcclip.models.precision import exact, single

# videos (B, E) or (B, T, E), texts (C, E) or (B, C, E), neither normalised, and exp(logit_scale) -> logits (B, C)
Score = Callable[[Tensor, Tensor, Tensor], Tensor]


def in_float32(score: Score) -> Score:
    """A score whose lengths, products and scale are float32 under any autocast, float64 in float64.

    The original's logits are fp16. In bf16 two of a hundred decisions change and of a hundred videos four have a tie
    (methods.md 1.5), and which of two equal logits is the larger one is nobody's decision.
    """

    @functools.wraps(score)
    def exactly(videos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
        with exact(videos):
            return score(single(videos), single(texts), single(scale))

    return exactly


def products(videos: Tensor, texts: Tensor) -> Tensor:
    """Scalar products (B, C) of videos (B, E) with texts (C, E), or (B, C, E) where the texts are a video's own."""
    return videos @ texts.T if texts.dim() == 2 else torch.einsum("be,bce->bc", videos, texts)
