"""Fused attention of every frame to its own tokens and to reference tokens, with a bias per head and key."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

FOLD = 8  # columns added to a head when the bias is folded into the keys; a multiple of 8 keeps fused kernels fused


def with_reference(own: Tensor, reference: Tensor) -> Tensor:
    """Keys or values (B, T, M, heads, d) of each frame, followed by those of the video (B, k, heads, d)."""
    return torch.cat([own, reference[:, None].expand(-1, own.shape[1], -1, -1, -1)], dim=2)


def bias_per_key(table: Tensor | None, own: int, reference: int) -> Tensor | None:
    """(heads, 2) local and global -> (heads, own + reference); None without reference tokens, where it cancels."""
    if table is None or reference == 0:
        return None
    return torch.cat([table[:, :1].expand(-1, own), table[:, 1:].expand(-1, reference)], dim=1)


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
    """Attention output (B, T, Q, D) of query (B, T, Q, heads, d) over key and value (B, T, K, heads, d), bias (heads, K).

    No attention map is kept. A mask that needs a gradient would leave the fused kernel, so in training the bias goes
    into the keys instead: [q, sqrt(d)] . [k, b] / sqrt(d) = q . k / sqrt(d) + b.
    """
    width = query.shape[-1]
    mask = None
    if bias is not None and bias.requires_grad and torch.is_grad_enabled():
        query, key, value = _folded(query, key, value, bias)
    elif bias is not None:
        mask = bias[None, :, None, :].to(query.dtype)
    # (B, T, Q, heads, d) -> (B*T, heads, Q, d)
    rows = [part.flatten(0, 1).transpose(1, 2) for part in (query, key, value)]
    out = F.scaled_dot_product_attention(*rows, attn_mask=mask, scale=width**-0.5)
    return out[..., :width].transpose(1, 2).flatten(2).unflatten(0, query.shape[:2])


def _folded(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    width = query.shape[-1]
    ones = query.new_zeros(FOLD)
    ones[0] = width**0.5
    column = F.pad(bias.T.to(key.dtype)[..., None], (0, FOLD - 1))  # (K, heads, FOLD)
    return (
        torch.cat([query, ones.expand(*query.shape[:-1], FOLD)], dim=-1),
        torch.cat([key, column.expand(*key.shape[:2], *column.shape)], dim=-1),
        F.pad(value, (0, FOLD)),
    )
