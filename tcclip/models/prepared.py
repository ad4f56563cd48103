"""A model for inference in bfloat16 on a CPU: matrices that autocast would round for every batch are rounded once.

Norms, biases, tables, logits and decisions stay float32, as under autocast; QuickGELU's factors are in the weights.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn

from tcclip.models.affine import HALF, Affine, affine, has_fused, packed
from tcclip.models.clip_video import ClipVideo
from tcclip.models.transformer import QUICK, Attention, Mlp


def prepared(model: ClipVideo, device: torch.device, precision: str) -> ClipVideo:
    """`model`, which is on `device`, for passes without gradient under autocast of this precision.

    Another model where that helps, which shares all weights but the matrices of attention and feed-forward; these are
    as they are now, so that a training prepares again. Otherwise `model` itself.
    """
    if precision != "bf16" or device.type != "cpu" or not has_fused():
        return model
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    attentions = [part for part in model.modules() if isinstance(part, Attention)]
    rounded = {id(part.in_proj_weight): _half(part.in_proj_weight) for part in attentions}
    ready = copy.deepcopy(model, {**shared, **rounded})
    for whole in list(ready.modules()):
        if isinstance(whole, Attention):
            whole.out_proj = cast(nn.Linear, _affine(whole.out_proj.weight, whole.out_proj.bias))
        for name, part in whole.named_children():
            if isinstance(part, Mlp):
                setattr(whole, name, PreparedMlp(part))
    return ready.eval()


class PreparedMlp(nn.Module):
    """In the place of an Mlp: the same without gradients."""

    def __init__(self, mlp: Mlp) -> None:
        super().__init__()
        # x * sigmoid(1.702 x) = silu(1.702 x) / 1.702, see Mlp
        self.inner = _affine(mlp.c_fc.weight * QUICK, mlp.c_fc.bias * QUICK)
        self.outer = _affine(mlp.c_proj.weight / QUICK, mlp.c_proj.bias)

    def forward(self, residual: Tensor, rows: Tensor) -> Tensor:
        """`residual` plus what becomes of the rows, both (..., D)."""
        hidden = affine(rows, cast(Tensor, self.inner.weight), cast(Tensor, self.inner.bias), silu=True)
        added: Tensor = residual + self.outer(hidden)
        return added

    def of_groups(self, *groups: tuple[Tensor, Tensor]) -> list[Tensor]:
        """`forward` of several groups of residual and rows."""
        return [self(residual, rows) for residual, rows in groups]


def _affine(weight: Tensor, bias: Tensor) -> Affine:
    return Affine(packed(_half(weight)), bias.detach())


def _half(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().to(HALF), requires_grad=False)
