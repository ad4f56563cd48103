"""The pieces of CLIP's transformer: layer norm, attention weights, QuickGELU feed-forward, block."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models.affine import affine

EPS = 1e-5  # of CLIP's layer norms
HEAD = 64  # width of a head of attention in CLIP
QUICK = 1.702  # QuickGELU: x * sigmoid(1.702 x)
ROWS = 1024  # of a feed-forward at a time where no gradient is wanted, on a CPU


def heads_of(width: int) -> int:
    """Heads of a new part: as wide as CLIP's, and one where the part is narrower."""
    return max(width // HEAD, 1)


class LayerNorm(nn.LayerNorm):
    """Layer norm in the precision of its weights: float32 also where autocast hands in half precision."""

    def forward(self, input: Tensor) -> Tensor:
        """Rows (..., D) -> rows."""
        return F.layer_norm(input.to(self.weight.dtype), self.normalized_shape, self.weight, self.bias, self.eps)


class Attention(nn.Module):
    """Weights of a multi-head attention, query, key, value stacked as in CLIP; who sees whom is the caller's."""

    in_proj_bias: nn.Parameter | None

    def __init__(self, width: int, heads: int, bias: bool = True) -> None:
        """bias: query, key and value have one."""
        super().__init__()
        self.width, self.heads = width, heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.register_parameter("in_proj_bias", nn.Parameter(torch.empty(3 * width)) if bias else None)
        self.out_proj = nn.Linear(width, width)

    def stacked(self, rows: Tensor, parts: slice) -> Tensor:
        """Some of query, key and value (parts 0, 1, 2) of rows (..., D), (..., parts, heads, D/heads)."""
        weight: Tensor = self.in_proj_weight
        bias: Tensor | None = self.in_proj_bias
        if parts != slice(0, 3):  # a slice of all would be one more gradient to be put together
            part = slice(parts.start * self.width, parts.stop * self.width)
            weight, bias = weight[part], None if bias is None else bias[part]
        projected = affine(rows, weight, bias)
        return projected.view(*rows.shape[:-1], parts.stop - parts.start, self.heads, self.width // self.heads)

    def project(self, rows: Tensor, parts: slice) -> tuple[Tensor, ...]:
        """As `stacked`, one tensor (..., heads, D/heads) for each part."""
        return self.stacked(rows, parts).unbind(-3)

    def qkv(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of rows (..., D), each (..., heads, D/heads)."""
        query, key, value = self.project(rows, slice(0, 3))
        return query, key, value

    def query(self, rows: Tensor) -> Tensor:
        """Query of rows (..., D)."""
        return self.project(rows, slice(0, 1))[0]

    def key_value(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Key and value of rows (..., D)."""
        key, value = self.project(rows, slice(1, 3))
        return key, value


class Mlp(nn.Module):
    """Feed-forward with QuickGELU, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, residual: Tensor, rows: Tensor) -> Tensor:
        """`residual` plus what becomes of the rows, both (..., D)."""
        return self.of_groups((residual, rows))[0]

    def of_groups(self, *groups: tuple[Tensor, Tensor]) -> list[Tensor]:
        """`forward` of several groups of residual and rows, for which the weights are prepared once."""
        # x * sigmoid(1.702 x) = silu(1.702 x) / 1.702. Both factors go into the (small) weights, which leaves one
        # fused pass over the (large) hidden layer, forward and backward.
        inner, bias, outer = self.c_fc.weight * QUICK, self.c_fc.bias * QUICK, self.c_proj.weight * (1 / QUICK)

        def whole(residual: Tensor, rows: Tensor) -> Tensor:
            return residual + F.linear(F.silu(F.linear(rows, inner, bias)), outer, self.c_proj.bias)

        def in_parts(residual: Tensor, rows: Tensor) -> Tensor:
            out = (residual + self.c_proj.bias).contiguous()
            lists = (torch.split(tensor.view(-1, tensor.shape[-1]), ROWS) for tensor in (out, rows.contiguous()))
            for into, part in zip(*lists, strict=True):
                into.addmm_(F.silu(F.linear(part, inner, bias), inplace=True), outer.T)
            return out

        # Where nobody keeps the hidden layer, it stays in a CPU's cache in parts, which are added where they belong.
        parts = not torch.is_grad_enabled() and inner.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
        return [(in_parts if parts else whole)(residual, rows) for residual, rows in groups]


class Block(nn.Module):
    """A pre-norm transformer block's weights; `feed_forward` is common to all of its uses."""

    def __init__(self, width: int, heads: int, eps: float = EPS) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(width, eps)
        self.attn = Attention(width, heads)
        self.ln_2 = LayerNorm(width, eps)
        self.mlp = Mlp(width)

    def feed_forward(self, rows: Tensor) -> Tensor:
        """rows + MLP(LN2 rows), rows (..., D)."""
        return self.feed_forwards(rows)[0]

    def feed_forwards(self, *groups: Tensor) -> list[Tensor]:
        """`feed_forward` of several groups of rows."""
        return self.mlp.of_groups(*((rows, self.ln_2(rows)) for rows in groups))


class Transformer(nn.Module):
    """A stack of blocks; the name `resblocks` is CLIP's."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads) for _ in range(layers))

    @property
    def blocks(self) -> list[Block]:
        """The blocks, first to last."""
        return [cast(Block, block) for block in self.resblocks]
