"""Scores of patches from a layer's attention: of [CLS], of keys, and what ATS calls significance (methods.md 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.precision import full_precision
from tcclip.models.products import products


@torch.no_grad()
def cls_rows(seen: Attended) -> Tensor:
    """Attention of [CLS] to each patch, (B, T, heads, N).

    The softmax runs over all keys, so heads that look at reference tokens count less.
    """
    # The keys of all heads side by side, as they lie in memory, times a query that is zero outside of its head: twelve
    # times the arithmetic of one query is still little, and no key is copied.
    query = torch.diag_embed(seen.query[:, :, 0].transpose(2, 3), dim1=2, dim2=3)  # (B, T, heads, heads, d)
    logits = of_frames(query.flatten(3), seen.key.flatten(3)) * seen.query.shape[-1] ** -0.5  # (B, T, heads, K)
    attention: Tensor = (logits if seen.bias is None else logits + seen.bias).softmax(dim=-1)  # (B, T, heads, K)
    return attention[..., 1 : 1 + seen.patches]


def of_frames(query: Tensor, key: Tensor) -> Tensor:
    """Scalar products (B, T, n, K) of rows (B, T, n, D) with their keys (B, T, K, D), or all with (B, 1, K, D)."""
    found = products(query.reshape(key.shape[0] * key.shape[1], -1, key.shape[-1]), key.flatten(0, 1))
    return found.view(*query.shape[:3], -1)


def cls_attention(seen: Attended) -> Tensor:
    """Attention of [CLS] to each patch, mean over heads, (B, T, N)."""
    return torch.mean(cls_rows(seen), dim=2)


@torch.no_grad()
def key_norms(seen: Attended) -> Tensor:
    """L2 norm of each patch's key, (B, T, heads, N)."""
    keys = full_precision(seen.key[:, :, 1 : 1 + seen.patches])
    norms: Tensor = torch.linalg.vector_norm(keys, dim=-1)
    return norms.transpose(2, 3)


@torch.no_grad()
def ats_significance(seen: Attended) -> Tensor:
    """Attention of [CLS] to each patch, summed over heads, times the norm of its value; sums to 1 over (B, T, N)."""
    values = full_precision(seen.value[:, :, 1 : 1 + seen.patches]).flatten(3)
    weight: Tensor = cls_rows(seen).sum(dim=2) * torch.linalg.vector_norm(values, dim=-1)
    return weight / weight.sum(dim=-1, keepdim=True)
