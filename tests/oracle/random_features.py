"""Features for both sides of a comparison."""

from __future__ import annotations

import torch
from torch import Tensor


def features(seed: int, *shape: int) -> Tensor:
    """Random numbers in float64, of which gradients are wanted; the same seed and shape give the same ones."""
    numbers = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=numbers, dtype=torch.float64).requires_grad_()
