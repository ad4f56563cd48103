"""Losses (methods.md 1.4)."""

from __future__ import annotations

import torch
from torch import Tensor


def smooth_targets(labels: Tensor, classes: int, smoothing: float) -> Tensor:
    """Smoothed one-hot rows: 1 - e + e/C for the label, e/C elsewhere. labels (B,) -> (B, C) float32."""
    off = smoothing / classes
    targets = torch.full((len(labels), classes), off, device=labels.device)
    return targets.scatter_(1, labels[:, None], 1 - smoothing + off)  # (B, C)


def soft_ce(logits: Tensor, targets: Tensor) -> Tensor:
    """mean_b(-sum_c targets_bc log softmax(logits_b)_c), both (B, C); computed in float32 or better."""
    logits = logits if logits.dtype == torch.float64 else logits.float()
    return -(targets * logits.log_softmax(dim=-1)).sum(dim=-1).mean()
