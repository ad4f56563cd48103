"""The pieces that both towers are written with: attention with an explicit softmax, norm, feed-forward."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]
EPS = 1e-5  # of CLIP's layer norms


def attention(
    w: Weights,
    name: str,
    heads: int,
    queries: Tensor,
    keys: Tensor,
    bias: Tensor | None = None,
    causal: bool = False,
    zeros: int = 0,
) -> tuple[Tensor, list[Tensor]]:
    """Multi-head attention of rows (Q, D) to rows (K, D); also the map (Q, K + zeros) of every head.

    `zeros` more keys and values are zero; bias (heads, K + zeros).
    """
    width = queries.shape[-1]
    weight = w[f"{name}.in_proj_weight"]
    shift = w.get(f"{name}.in_proj_bias", weight.new_zeros(3 * width))
    q = queries @ weight[:width].T + shift[:width]
    k = keys @ weight[width : 2 * width].T + shift[width : 2 * width]
    v = keys @ weight[2 * width :].T + shift[2 * width :]
    k, v = (torch.cat([rows, rows.new_zeros(zeros, width)]) for rows in (k, v))
    size = width // heads
    outputs, maps = [], []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        if bias is not None:
            scores = scores + bias[head]
        if causal:
            scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf)
        maps.append(torch.softmax(scores, dim=-1))
        outputs.append(maps[-1] @ v[:, part])
    return torch.cat(outputs, dim=1) @ w[f"{name}.out_proj.weight"].T + w[f"{name}.out_proj.bias"], maps


def norm(w: Weights, name: str, x: Tensor, eps: float = EPS) -> Tensor:
    """Layer norm."""
    centred = x - x.mean(dim=-1, keepdim=True)
    scale = (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    return centred / scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def mlp(w: Weights, name: str, x: Tensor) -> Tensor:
    """Two linear maps with QuickGELU between them."""
    hidden = x @ w[f"{name}.c_fc.weight"].T + w[f"{name}.c_fc.bias"]
    hidden = hidden * torch.sigmoid(1.702 * hidden)
    return hidden @ w[f"{name}.c_proj.weight"].T + w[f"{name}.c_proj.bias"]


def feed_forward(w: Weights, block: str, x: Tensor, eps: float = EPS) -> Tensor:
    """x + MLP(LN2 x)."""
    return x + mlp(w, f"{block}.mlp", norm(w, f"{block}.ln_2", x, eps))
