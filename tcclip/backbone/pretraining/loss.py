"""The contrastive loss of CLIP where pictures may share a caption."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def contrastive(images: Tensor, texts: Tensor, text_of: Tensor, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE over a batch's pictures (B, E) and its different captions (U, E), not yet normalised.

    text_of (B,) is the caption of each picture, scale the factor of the cosines. Every caption is there once, so no
    picture has its own caption among the wrong ones; a caption's right answer is all of its pictures in equal shares.
    """
    logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (B, U)
    own = F.one_hot(text_of, len(texts)).to(logits)  # (B, U)
    to_text = F.cross_entropy(logits, text_of)
    to_image = F.cross_entropy(logits.T, (own / own.sum(dim=0)).T)
    return (to_text + to_image) / 2
