"""Transformer blocks over the frames of one video, written out (methods.md 3.2 to 3.4)."""

from __future__ import annotations

import torch
from parts import EPS, Weights, attention, feed_forward, norm
from torch import Tensor


def video(w: Weights, prefix: str, blocks: int, heads: int, frames: Tensor, residual: bool, eps: float = EPS) -> Tensor:
    """Frame features (T, E) -> a video (E,)."""
    states = torch.stack([frame + w[f"{prefix}.positional_embedding"][t] for t, frame in enumerate(frames)])
    for number in range(blocks):
        name = f"{prefix}.resblocks.{number}"
        normed = norm(w, f"{name}.ln_1", states, eps)
        states = states + attention(w, f"{name}.attn", heads, normed, normed)[0]
        states = feed_forward(w, name, states, eps)
    integrated = [state + frame if residual else state for state, frame in zip(states, frames, strict=True)]
    return torch.stack(integrated).sum(0) / len(integrated)
