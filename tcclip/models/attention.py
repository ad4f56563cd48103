"""Fused attention of every frame to its own tokens and to reference tokens, with a bias per head and key."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models import recording
from tcclip.models.by_frame import attention_by_frame, is_faster
from tcclip.models.transformer import Attention

FOLD = 8  # columns added to a head when the bias is folded into the keys; a multiple of 8 keeps fused kernels fused


class Attended(NamedTuple):
    """What a layer's attention is computed from; queries and keys of a frame are [CLS], N patches, then reference."""

    query: Tensor  # (B, T, 1+N, heads, d), or of [CLS] alone where nobody reads more
    key: Tensor  # (B, T, K, heads, d), or (B, 1, K, heads, d) where all frames see the same keys
    value: Tensor  # as key
    patches: int  # N
    bias: Tensor | None = None  # (heads, K)
    mask: Tensor | None = None  # (T, K) bool, the keys that a frame sees


def attend(query: Tensor, seen: Attended) -> Tensor:
    """Attention output (B, T, Q, D) of query (B, T, Q, heads, d) to the keys of `seen`.

    No attention map is kept. A mask that needs a gradient would leave the fused kernel, so in training the bias goes
    into the keys instead: [q, sqrt(d)] . [k, b] / sqrt(d) = q . k / sqrt(d) + b.
    """
    key, value, bias, rows, width = seen.key, seen.value, seen.bias, query.shape[:3], query.shape[-1]
    asked = query
    if key.shape[1] < rows[1]:
        query = query.flatten(1, 2)[:, None]  # (B, 1, T*Q, heads, d)
    mask = None
    if seen.mask is not None:  # (B*T, 1, 1, K)
        shut = torch.zeros(seen.mask.shape, dtype=query.dtype, device=query.device).masked_fill(~seen.mask, -torch.inf)
        mask = shut.repeat(rows[0], 1)[:, None, None]
    if bias is not None and bias.requires_grad and torch.is_grad_enabled():
        query, key, value = _folded(query, key, value, bias)
    elif bias is not None:
        shift = bias[None, :, None, :].to(query.dtype)
        mask = shift if mask is None else mask + shift
    # (B, T, Q, heads, d) -> (B*T, heads, Q, d)
    q, k, v = (part.flatten(0, 1).transpose(1, 2) for part in (query, key, value))
    if is_faster(q, k):
        out = attention_by_frame(q, k, v, mask, width**-0.5)  # (B*T, heads, Q, d)
    else:
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=width**-0.5)
    mixed = out[..., :width].transpose(1, 2).reshape(*rows, -1)
    if recording.listener is not None:
        recording.listener(recording.Heard(asked, seen.key, seen.value, bias, seen.mask, mixed, among=False))
    return mixed


def attend_among(attn: Attention, rows: Tensor) -> Tensor:
    """What attention of normed rows (B, n, D) to each other adds to them, (B, n, D)."""
    query, key, value = (part.transpose(1, 2) for part in attn.qkv(rows))  # (B, heads, n, d)
    mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    if recording.listener is not None:
        query, key, value = (part.transpose(1, 2)[:, None] for part in (query, key, value))  # (B, 1, n, heads, d)
        recording.listener(recording.Heard(query, key, value, None, None, mixed, among=True))
    added: Tensor = attn.out_proj(mixed)
    return added


def attend_across(attn: Attention, rows: Tensor, memory: Tensor) -> Tensor:
    """What attention of normed rows, (n, D) or (B, n, D), to a memory (B, k, D) adds to them, (B, n, D)."""
    query = attn.query(rows).transpose(-3, -2)  # (heads, n, d), or (B, heads, n, d)
    key, value = (part.transpose(1, 2) for part in attn.key_value(memory))  # (B, heads, k, d)
    mixed = F.scaled_dot_product_attention(query.expand(len(memory), -1, -1, -1), key, value)  # (B, heads, n, d)
    added: Tensor = attn.out_proj(mixed.transpose(1, 2).flatten(2))
    return added


def attend_first(attn: Attention, rows: Tensor, reference: Tensor | None, bias: Tensor | None) -> Tensor:
    """`attend` for the first row of each frame alone, (B, T, D), from normed rows (B, T, M, D) and reference (B, k, D).

    With one query per frame it is cheaper to bring the query to the width of the rows than all rows to keys and values:
    q . (W_k x + b_k) = (W_k^T q) . x + const, where the softmax ignores the constant, and sum p (W_v x + b_v) =
    W_v (sum p x) + b_v.
    """
    _, weight_key, weight_value = attn.in_proj_weight.view(3, attn.heads, -1, attn.width)  # (heads, d, D)
    query = torch.einsum("bthd,hdw->bthw", attn.query(rows[:, :, 0]), weight_key)
    logits = query @ rows.transpose(2, 3)  # (B, T, heads, M)
    if reference is not None:
        shared = query.flatten(1, 2) @ reference.transpose(1, 2)  # (B, T*heads, k)
        logits = torch.cat([logits, shared.view(*logits.shape[:3], -1)], dim=-1)
    logits = logits * weight_key.shape[1] ** -0.5
    weights = (logits if bias is None else logits + bias).softmax(dim=-1)
    mixed = weights[..., : rows.shape[2]].to(rows.dtype) @ rows  # (B, T, heads, D)
    if reference is not None:
        mixed = mixed + (weights[..., rows.shape[2] :].flatten(1, 2).to(rows.dtype) @ reference).view(mixed.shape)
    value = torch.einsum("bthw,hdw->bthd", mixed, weight_value).flatten(2)
    if attn.in_proj_bias is not None:
        value = value + attn.in_proj_bias[2 * attn.width :]
    if recording.listener is not None:
        recording.listener(_first_heard(attn, rows, reference, bias, value))
    return value


def _first_heard(
    attn: Attention, rows: Tensor, reference: Tensor | None, bias: Tensor | None, output: Tensor
) -> recording.Heard:
    """What `attend_first` would be computed from if it had keys."""
    key, value = attn.key_value(rows)
    if reference is not None:
        more = (part[:, None].expand(-1, rows.shape[1], -1, -1, -1) for part in attn.key_value(reference))
        key, value = (torch.cat(parts, dim=2) for parts in zip((key, value), more, strict=True))
    return recording.Heard(attn.query(rows[:, :, :1]), key, value, bias, None, output, among=False)


def _folded(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    width = query.shape[-1]
    ones = F.pad(query.new_full((1,), width**0.5), (0, FOLD - 1))
    column = F.pad(bias.T.to(key.dtype)[..., None], (0, FOLD - 1))  # (K, heads, FOLD)
    return (
        torch.cat([query, ones.expand(*query.shape[:-1], FOLD)], dim=-1),
        torch.cat([key, column.expand(*key.shape[:2], *column.shape)], dim=-1),
        F.pad(value, (0, FOLD)),
    )
