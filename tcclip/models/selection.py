"""Selectors: which patches of a frame become seed tokens (paper, Eq. 5; Table 8a)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def seed_count(alpha: float, patches: int) -> int:
    """Seeds of one frame, floor(alpha * N): 58 of 196 at alpha 0.3."""
    return max(1, math.floor(alpha * patches + 1e-9))


@torch.no_grad()
def cls_attention(query: Tensor, key: Tensor, bias: Tensor | None, patches: int) -> Tensor:
    """Score of each patch, (B, T, N): attention of [CLS] to it, averaged over heads.

    query (B, T, ., heads, d) and key (B, T, K, heads, d) have [CLS] first, then key has the N patches, then reference
    tokens; bias (heads, K). The softmax runs over all keys, so heads that look at reference tokens count less.
    """
    logits = torch.einsum("bthd,btkhd->bthk", query[:, :, 0], key)
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    logits = logits * query.shape[-1] ** -0.5
    attention = (logits if bias is None else logits + bias).softmax(dim=-1)  # (B, T, heads, K)
    return torch.mean(attention[..., 1 : 1 + patches], dim=2)


def top_seeds(score: Tensor, count: int) -> Tensor:
    """The best patches of each frame by falling score, (B, T, count) int64; equal scores keep their order."""
    return score.argsort(dim=-1, descending=True, stable=True)[..., :count]
