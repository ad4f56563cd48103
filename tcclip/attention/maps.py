"""Attention maps of one layer, made again from its queries and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast, get_args

import torch
from torch import Tensor

from tcclip.models.precision import single
from tcclip.models.recording import Heard

Heads = Literal["max", "mean", "min"]
HEADS: tuple[Heads, ...] = get_args(Heads)
FUSE = {"max": torch.maximum, "min": torch.minimum, "mean": torch.add}


def fused(heard: Heard, heads: Heads) -> Tensor:
    """Attention (T, Q, K) of a video's frames, the maximum, mean or minimum over heads; rows of the mean sum to one."""
    fuse = cast(Callable[[Tensor, Tensor], Tensor], FUSE[heads])
    found = head_map(heard, 0)
    for head in range(1, heard.query.shape[3]):  # one at a time: the maps of all heads may not fit into memory
        found = fuse(found, head_map(heard, head))
    return found / heard.query.shape[3] if heads == "mean" else found


def relevant(heard: Heard, gradient: Tensor | None) -> Tensor:
    """The positive part of attention times its gradient, mean over heads, (T, Q, K) (Chefer et al., 2021, Eq. 5).

    `gradient`, of what the heads give: as `heard.output`; None: nothing depends on it. The gradient of head h's
    attention of query q to key k is <gradient of output q, value k>.
    """
    _, frames, queries, heads, width = heard.query.shape
    if gradient is None:
        return single(heard.query.detach()).new_zeros(frames, queries, heard.key.shape[2])
    by_head = single(gradient.reshape(frames, queries, heads, width))
    total = torch.zeros((), device=gradient.device)
    for head in range(heads):
        by_key = by_head[:, :, head] @ single(heard.value[0, :, :, head].detach()).transpose(1, 2)
        total = total + (by_key * head_map(heard, head)).clamp_min(0)
    return total / heads


@torch.no_grad()
def head_map(heard: Heard, head: int) -> Tensor:
    """softmax(q k / sqrt(d) + b) of one head over all keys that a frame sees, (T, Q, K)."""
    query, key = (
        single(part[0, :, :, head].detach()) for part in (heard.query, heard.key)
    )  # (T, Q, d), (T or 1, K, d)
    logits = query @ key.transpose(1, 2) * query.shape[-1] ** -0.5
    if heard.bias is not None:
        logits = logits + heard.bias[head].to(logits.dtype)
    if heard.mask is not None:
        logits = logits.masked_fill(~heard.mask[:, None], -torch.inf)
    attention: Tensor = logits.softmax(dim=-1)
    return attention
