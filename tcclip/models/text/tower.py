"""CLIP's text tower for C classes and B videos at the cost of C texts (methods.md 3.11, FACTS.md 18).

Padding is left out: what works row by row (projections, feed-forward) sees the names' tokens alone, one text after the
other, and only attention lays them out by class. Three facts make it exact: the layers before the last do not
depend on the video; the mask is causal, so the start and the prompt, which come before the class name, have the same
states for every class; and of the last layer only the [EOT] row is read. There, all keys that no video changes are
summarised once per class by their total softmax mass and their mean value; a video adds its few prompt keys.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.precision import single
from tcclip.models.transformer import Block


class Layout(NamedTuple):
    """Where the names' tokens lie in a rectangle of C texts by M positions after the shared prefix."""

    places: Tensor  # (R,) int64 in 0..C*M-1: the positions up to each text's [EOT]
    classes: int  # C
    length: int  # M


class TextState(NamedTuple):
    """States of all texts, the part that they share once."""

    prefix: Tensor  # (P, W): start and prompt
    names: Tensor  # (R, W): the rest of each text up to its [EOT], one text after the other


class ClassReaders(NamedTuple):
    """The [EOT] rows of C classes inside the last layer, before a video's prompts are looked at."""

    residual: Tensor  # (C, W) states entering the last layer
    query: Tensor  # (C, heads, d)
    mass: Tensor  # (C, heads) log of the summed exp of the scores of all keys that no video changes
    value: Tensor  # (C, heads, d) their attention output
    prompts: Tensor | None  # (n, W) prompt states entering the last layer, to be made a video's own


def layout(tokens: Tensor, prefix: int) -> Layout:
    """The layout of texts (C, L) whose first `prefix` tokens are shared."""
    own = tokens[:, prefix:]
    position = torch.arange(own.shape[1], device=tokens.device)
    return Layout((position <= own.argmax(dim=1, keepdim=True)).flatten().nonzero()[:, 0], *own.shape)


def embed(
    tokens: Tensor, table: Tensor, positions: Tensor, prefix: int, prompts: Tensor | None, places: Layout
) -> TextState:
    """Token ids (C, L), trimmed to the longest text, -> states; `prompts` (n, W) replace the embeddings 1..n."""
    shared = F.embedding(tokens[0, :prefix], table)
    if prompts is not None:
        shared = torch.cat([shared[:1], prompts, shared[1 + len(prompts) :]])
    names = F.embedding(tokens[:, prefix:].flatten()[places.places], table)
    own = positions[prefix : tokens.shape[1]][places.places % places.length]
    return TextState(shared + positions[:prefix], names + own)


def layer(block: Block, state: TextState, places: Layout) -> TextState:
    """One causal block over all texts, the shared prefix computed once."""
    prefix, width = state.prefix.shape
    rows = torch.cat([state.prefix, state.names])  # (P + R, W)
    parts = block.attn.qkv(block.ln_1(rows))
    shared = [part[:prefix].transpose(0, 1)[None] for part in parts]  # (1, heads, P, d)
    own = [_by_class(part[prefix:], places).transpose(1, 2) for part in parts]  # (C, heads, M, d)
    key, value = (torch.cat([shared[i].expand(places.classes, -1, -1, -1), own[i]], dim=2) for i in (1, 2))
    sees = torch.ones(places.length, prefix + places.length, dtype=torch.bool, device=rows.device).tril(prefix)
    mixed_prefix = F.scaled_dot_product_attention(shared[0], shared[1], shared[2], is_causal=True)
    mixed_names = F.scaled_dot_product_attention(own[0], key, value, attn_mask=sees)
    mixed = [mixed_prefix[0].transpose(0, 1).reshape(prefix, width)]
    mixed.append(mixed_names.transpose(1, 2).reshape(-1, width).index_select(0, places.places))
    rows = block.feed_forward(rows + block.attn.out_proj(torch.cat(mixed)))
    return TextState(rows[:prefix], rows[prefix:])


def class_readers(
    blocks: Sequence[Block], state: TextState, ends: Tensor, prompts: int, places: Layout
) -> ClassReaders:
    """All layers before the last, and the part of the last that no video changes.

    ends (C,): position of [EOT] in the whole text; prompts: how many states from position 1 on a video will replace.
    """
    *first, last = blocks
    for block in first:
        state = layer(block, state, places)
    own_end = ends - len(state.prefix)
    residual = state.names[(own_end + 1).cumsum(0) - 1]  # (C, W): the last row of each text
    fixed = torch.cat([state.prefix[:1], state.prefix[1 + prompts :]])
    query = last.attn.query(last.ln_1(residual))  # (C, heads, d)
    key_fixed, value_fixed = last.attn.key_value(last.ln_1(fixed))  # (F, heads, d)
    own = last.attn.key_value(last.ln_1(state.names))
    key_own, value_own = (_by_class(part, places) for part in own)  # (C, M, heads, d)
    after = torch.arange(places.length, device=ends.device) > own_end[:, None]  # (C, M)
    scores_own = torch.einsum("chd,cmhd->chm", query, key_own).masked_fill(after[:, None], -math.inf)
    scores = single(torch.cat([torch.einsum("chd,fhd->chf", query, key_fixed), scores_own], dim=-1))
    scores = scores * query.shape[-1] ** -0.5
    weights = scores.softmax(dim=-1).to(value_own.dtype)
    value = torch.einsum("chf,fhd->chd", weights[..., : len(fixed)], value_fixed)
    value = value + torch.einsum("chm,cmhd->chd", weights[..., len(fixed) :], value_own)
    replaced = state.prefix[1 : 1 + prompts] if prompts else None
    return ClassReaders(residual, query, scores.logsumexp(dim=-1), value, replaced)


def _by_class(rows: Tensor, places: Layout) -> Tensor:
    """Rows (R, heads, d) laid out by class, (C, M, heads, d); zeros behind a text's [EOT], which no row before sees."""
    empty = rows.new_zeros(places.classes * places.length, *rows.shape[1:])
    return empty.index_copy(0, places.places, rows).view(places.classes, places.length, *rows.shape[1:])


def read(block: Block, classes: ClassReaders, prompts: Tensor | None) -> Tensor:
    """The last layer's [EOT] states: (C, W), or (B, C, W) when each video brings its prompts (B, n, W)."""
    value = classes.value
    if prompts is not None:
        key, value_prompts = block.attn.key_value(block.ln_1(prompts))  # (B, n, heads, d)
        scores = single(torch.einsum("chd,bnhd->bchn", classes.query, key)) * key.shape[-1] ** -0.5
        mass = classes.mass.to(scores.dtype).expand(len(prompts), -1, -1)[..., None]
        weights = torch.cat([mass, scores], dim=-1).softmax(dim=-1).to(value.dtype)  # (B, C, heads, 1+n)
        value = weights[..., :1] * value + torch.einsum("bchn,bnhd->bchd", weights[..., 1:], value_prompts)
    return block.feed_forward(classes.residual + block.attn.out_proj(value.flatten(-2)))
