"""Patch saliency after vid-TLDR: patches whose attention is peaked are salient (methods.md 6 and 7.7)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.selector.scores import of_frames


@torch.no_grad()
def patch_saliency(seen: Attended) -> Tensor:
    """Negative entropy of each patch's attention, averaged over heads before, (B, T, N); 0 is the maximum.

    The whole map is needed, but one head at a time: maps (B, T, N, K) come and go, never one of every head.
    """
    query = seen.query[:, :, 1 : 1 + seen.patches]
    heads, scale = query.shape[3], query.shape[-1] ** -0.5
    mean = torch.zeros((), device=query.device)
    for head in range(heads):
        logits = of_frames(query[..., head, :], seen.key[..., head, :]) * scale  # (B, T, N, K)
        attention = (logits if seen.bias is None else logits + seen.bias[head]).softmax(dim=-1)
        mean = mean + attention / heads
    entropy: Tensor = torch.special.entr(mean).sum(dim=-1)
    return -entropy


@torch.no_grad()
def saliency_weight(seen: Attended, over_video: bool = False) -> Tensor:
    """Saliency of patches as a weight from 0 (the mean and everything below it) to 1, (B, T, N).

    Mean and extremes are those of the frame's patches, or `over_video` those of all frames'.
    """
    score = patch_saliency(seen)
    among = (1, 2) if over_video else (2,)
    low, high = score.amin(dim=among, keepdim=True), score.amax(dim=among, keepdim=True)
    tiny = torch.finfo(score.dtype).tiny
    score = (score - low) / (high - low).clamp_min(tiny)
    score = score - score.mean(dim=among, keepdim=True)
    return (score / score.amax(dim=among, keepdim=True).clamp_min(tiny)).clamp_min(0)
