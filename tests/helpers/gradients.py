"""Gradients by the names of their weights, compared."""

from __future__ import annotations

import torch
from torch import Tensor


def near(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two ways to the same gradients differ by float32's rounding alone, of which the largest one decides."""
    scale = max(float(tensor.abs().max()) for tensor in second.values())
    return first.keys() == second.keys() and all(
        torch.allclose(first[name], second[name], rtol=1e-4, atol=2e-6 * scale) for name in first
    )
