"""Linear maps, and on a CPU in bfloat16 those that add their bias, and apply SiLU, before a result leaves the cache.

torch's own linear map writes the bias and reads it again to add the product; the fused one is what its compiler uses.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.process.runtime import multiplies_bfloat16

HALF = torch.bfloat16


def has_fused() -> bool:
    """Whether this processor computes in bfloat16 by itself and this torch has the fused linear map."""
    needed = ("_linear_pointwise", "_reorder_linear_weight")
    return multiplies_bfloat16() and all(hasattr(torch.ops.mkldnn, name) for name in needed)


def packed(weight: Tensor) -> Tensor:
    """A weight (E, D) in bfloat16 for `affine` alone, in the order in which products read it (each would sort it)."""
    return cast(Tensor, torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None))


def affine(rows: Tensor, weight: Tensor, bias: Tensor | None, silu: bool = False) -> Tensor:
    """Rows (..., D) times weight (E, D), plus bias (E,), through SiLU if asked for: (..., E).

    Fused where the weight is held in bfloat16 on a CPU (`models.prepared`) and nobody wants a gradient.
    """
    if weight.dtype != HALF or weight.device.type != "cpu" or torch.is_grad_enabled():
        out = F.linear(rows, weight, bias)
        return F.silu(out) if silu else out
    rows, added = rows.to(HALF), None if bias is None else bias.to(HALF)
    fused = torch.ops.mkldnn._linear_pointwise(rows, weight, added, "swish" if silu else "none", [], "")
    return cast(Tensor, fused)


class Affine(nn.Module):
    """A linear layer by `affine`, with the weights of another; a packed weight takes no gradient."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (..., D) -> (..., E)."""
        weight, bias = cast(Tensor, self.weight), cast(Tensor | None, self.bias)
        return affine(rows, weight, bias)
