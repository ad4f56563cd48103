"""CLIP's text tower for C classes and B videos at the cost of C texts (methods.md 3.11, FACTS.md 18).

Padding is left out: what works row by row (projections, feed-forward) sees the names' tokens alone, one text after the
other, and only attention lays them out by class. Three facts make it exact: the layers before the last do not
depend on the video; the mask is causal, so the start and the prompt, which come before the class name, have the same
states for every class; and of the last layer only the [EOT] row is read. There, all keys that no video changes are
summarised once per class by their total softmax mass and their mean value; a video adds its few prompt keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.precision import single
from tcclip.models.transformer import Block

LEARNED = -1  # the id of a row that is no token's


class TokenLayout(NamedTuple):
    """Where the names' tokens lie in a rectangle of C texts by M positions after the shared prefix."""

    flat: Tensor  # (R,) int64 in 0..C*M-1: the positions up to each text's [EOT]
    classes: int  # C
    length: int  # M


class Rows(NamedTuple):
    """What the rows of all texts are: those that they share, as of the first text, then the rest of each text."""

    ids: Tensor  # (P+R,) int64: tokens, LEARNED where a learned vector stands instead of one
    texts: Tensor  # (P+R,) int64: the text that a row belongs to
    positions: Tensor  # (P+R,) int64: its position there


class TextState(NamedTuple):
    """States of all texts: what they share once, then the rest of each up to its [EOT], one text after the other."""

    rows: Tensor  # (P + R, W)
    prefix: int  # P: start and prompt
    into: Tensor  # (C*(P+M),) int64: the row of every position of the C texts; behind an [EOT] the first row
    back: Tensor  # (P + R,) int64: the position of every row, of the shared ones that in the first text


class ClassReaders(NamedTuple):
    """The [EOT] rows of C texts of classes inside the last layer, before a video's prompts are looked at."""

    residual: Tensor  # (C, W) states entering the last layer
    query: Tensor  # (C, heads, d)
    mass: Tensor  # (C, heads) log of the summed exp of the scores of all keys that no video changes
    value: Tensor  # (C, heads, d) their attention output
    prompts: Tensor | None  # (n, W) prompt states entering the last layer, to be made a video's own
    forms: int  # texts of each class: the first one of every class, then the second ones


# A tensor: the finished features (C, E), to which no video adds anything in the tower.
ClassTexts = ClassReaders | Tensor


def layout_of(tokens: Tensor, prefix: int) -> TokenLayout:
    """The layout of texts (C, L) whose first `prefix` tokens are shared."""
    own = tokens[:, prefix:]
    position = torch.arange(own.shape[1], device=tokens.device)
    return TokenLayout((position <= own.argmax(dim=1, keepdim=True)).flatten().nonzero()[:, 0], *own.shape)


def rows_of(tokens: Tensor, prefix: int, layout: TokenLayout) -> Rows:
    """What the rows of texts (C, L) are."""
    first = torch.arange(prefix, device=tokens.device)
    texts = layout.flat.div(layout.length, rounding_mode="floor")
    return Rows(
        torch.cat([tokens[0, :prefix], tokens[:, prefix:].flatten()[layout.flat]]),
        torch.cat([torch.zeros_like(first), texts]),
        torch.cat([first, prefix + layout.flat % layout.length]),
    )


def embed(
    rows: Rows,
    table: Tensor,
    positions: Tensor,
    prefix: int,
    put: Callable[[Tensor], Tensor] | None,
    layout: TokenLayout,
) -> TextState:
    """Rows of texts -> their first states; `put` puts learned vectors into the embeddings (P+R, W)."""
    embedded = F.embedding(rows.ids.clamp(min=0), table)
    if put is not None:
        embedded = put(embedded)
    shared, own = positions[:prefix], positions[rows.positions[prefix:]]
    return TextState(embedded + torch.cat([shared, own]), prefix, *_ways(prefix, layout))


def _ways(prefix: int, layout: TokenLayout) -> tuple[Tensor, Tensor]:
    """`into` and `back` of a TextState."""
    at = layout.flat
    count = torch.arange(prefix + len(at), device=at.device)
    grid = at.new_zeros(layout.classes * layout.length).index_copy(0, at, count[prefix:])
    into = torch.cat([count[:prefix].expand(layout.classes, -1), grid.view(layout.classes, -1)], dim=1)
    text = at.div(layout.length, rounding_mode="floor")
    back = torch.cat([count[:prefix], at + (text + 1) * prefix])
    return into.flatten(), back


def _at_positions(rows: Tensor, state: TextState) -> Tensor:
    """What was made of the state's rows (P + R, ...), at every position of the C texts, (C*(P+M), ...).

    The gradients of a shared row, one of each text, are added up in float32: a GPU rounds after every text, and in
    bfloat16 with 400 of them half of a learned prompt's gradient was an error.
    """
    return single(rows).index_select(0, state.into).to(rows.dtype)


def layer(block: Block, state: TextState, layout: TokenLayout) -> TextState:
    """One causal block over all texts, the shared prefix computed once.

    What stands behind an [EOT] is seen by no row that is read. Every text computes the attention of the shared prefix,
    and that of the first one is taken: it is little, and one attention is quicker than two.
    """
    rows = state.rows
    stacked = _at_positions(block.attn.stacked(block.ln_1(rows), slice(0, 3)), state)
    laid_out = stacked.view(layout.classes, -1, *stacked.shape[1:])  # (C, P+M, 3, heads, d)
    query, key, value = laid_out.permute(2, 0, 3, 1, 4).unbind(0)  # (C, heads, P+M, d)
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True).transpose(1, 2)
    mixed = mixed.reshape(-1, rows.shape[1]).index_select(0, state.back)
    return state._replace(rows=block.feed_forward(rows + block.attn.out_proj(mixed)))


def class_readers(
    blocks: Sequence[Block], state: TextState, ends: Tensor, prompts: int, layout: TokenLayout, forms: int = 1
) -> ClassReaders:
    """All layers before the last, and the part of the last that no video changes.

    ends (C,): position of [EOT] in the whole text; prompts: how many states from position 1 on a video will replace;
    forms: of the C texts, those of one class.
    """
    *first, last = blocks
    for block in first:
        state = layer(block, state, layout)
    last_rows = state.prefix + (ends - state.prefix + 1).cumsum(0) - 1  # (C,): of each text
    residual = state.rows.index_select(0, last_rows)  # (C, W)
    query = last.attn.query(last.ln_1(residual))  # (C, heads, d)
    stacked = _at_positions(last.attn.stacked(last.ln_1(state.rows), slice(1, 3)), state)
    key, value = stacked.view(layout.classes, -1, *stacked.shape[1:]).unbind(2)  # (C, P+M, heads, d)
    position = torch.arange(key.shape[1], device=ends.device)
    unseen = (position > ends[:, None]) | ((position > 0) & (position <= prompts))  # (C, P+M)
    scores = single(torch.einsum("chd,cmhd->chm", query, key)).masked_fill(unseen[:, None], -math.inf)
    scores = scores * query.shape[-1] ** -0.5
    read_out = torch.einsum("chm,cmhd->chd", scores.softmax(dim=-1).to(value.dtype), value)
    replaced = state.rows[1 : 1 + prompts] if prompts else None
    return ClassReaders(residual, query, scores.logsumexp(dim=-1), read_out, replaced, forms)


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
