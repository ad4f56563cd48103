"""One layer of the vision tower: attention with reference tokens, new context tokens, feed-forward (Eq. 5 to 10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models.attention import Attended, attend, attend_first
from tcclip.models.selector.chosen import Chosen
from tcclip.models.summarizer.groups import Summary
from tcclip.models.summarizer.summary import Summarise
from tcclip.models.transformer import Block
from tcclip.models.vision import reference
from tcclip.models.vision.reference import Reference


@dataclass(frozen=True)
class ContextRecipe:
    """How a layer makes its context tokens; all parts are exchangeable (Table 8)."""

    select: Callable[[Attended], Chosen]
    weigh: Callable[[Attended], Tensor] | None  # what a patch weighs when it is merged, (B, T, N)
    summarise: Summarise
    all_queries: bool  # some part reads the queries of all patches, or attention outputs of more patches than seeds


class LayerOutput(NamedTuple):
    """What a layer hands on, and the decisions it took (None without temporal contextualization)."""

    tokens: Tensor  # (B, T, 1+N, D); (B, T, 1, D) from the last layer, where only [CLS] is read
    context: Tensor | None = None  # (B, k, D)
    score: Tensor | None = None  # (B, T, N), see selector.chosen
    seeds: Tensor | None = None  # (B, T, S) int64, patches by falling score; (B, T, S, heads) with head-wise slices
    group: Tensor | None = None  # (B, T*S) int64, the context token of each seed


class Beside(NamedTuple):
    """What the frames see in a layer beside their own tokens: context tokens, or some of each other's tokens."""

    context: Tensor | None = None  # (B, k, D), of the layer before
    frames: Reference | None = None  # takes reference tokens from the frames
    bias: Tensor | None = None  # (heads, 2), of local and of global keys (methods.md 4)


def layer(
    block: Block, tokens: Tensor, beside: Beside, recipe: ContextRecipe | None = None, draws: Tensor | None = None
) -> LayerOutput:
    """One block: attention of every frame to itself and to reference tokens, new context tokens, feed-forward.

    tokens (B, T, 1+N, D); recipe None: no context tokens are made; draws (B, T*S): see the summarizers.
    """
    seen = _see(block, *block.attn.qkv(block.ln_1(tokens)), beside)
    tokens = tokens + block.attn.out_proj(attend(seen.query, seen))
    if recipe is None:
        return LayerOutput(block.feed_forward(tokens))
    chosen = recipe.select(seen)  # Eq. 5
    # Eq. 6: what is merged are the tokens after attention and residual, before the feed-forward (FACTS.md 4)
    summary = _summary(recipe, seen, chosen.seeds, gather_seeds(tokens, chosen.seeds), draws)
    rows, context = block.feed_forwards(tokens, summary.context)
    return LayerOutput(rows, context, chosen.score, chosen.seeds, summary.group)


def last_layer(
    block: Block, tokens: Tensor, beside: Beside, recipe: ContextRecipe | None = None, draws: Tensor | None = None
) -> LayerOutput:
    """As `layer`, less what nobody reads: of the tokens only [CLS], of the patches the seeds, without gradient."""
    rows = block.ln_1(tokens)
    first = block.feed_forward(tokens[:, :, :1] + _first(block, rows, beside))
    if recipe is None:
        return LayerOutput(first)
    with torch.no_grad():
        query = block.attn.query(rows if recipe.all_queries else rows[:, :, :1])
        seen = _see(block, query, *block.attn.key_value(rows), beside)
        chosen = recipe.select(seen)
        if recipe.all_queries:
            attended = gather_seeds(tokens + block.attn.out_proj(attend(seen.query, seen)), chosen.seeds)
        else:
            query = block.attn.query(gather_seeds(rows, chosen.seeds))
            attended = gather_seeds(tokens, chosen.seeds) + block.attn.out_proj(attend(query, seen))
        summary = _summary(recipe, seen, chosen.seeds, attended, draws)
        return LayerOutput(first, block.feed_forward(summary.context), chosen.score, chosen.seeds, summary.group)


def gather_seeds(tokens: Tensor, seeds: Tensor) -> Tensor:
    """Patches (B, T, S) of tokens (B, T, 1+N, D), where [CLS] is in front: (B, T, S, D).

    With seeds (B, T, S, heads), head h's slice of the width comes from the patch that it names.
    """
    if seeds.dim() == 3:
        batch, frames, places, width = tokens.shape
        first = places * torch.arange(batch * frames, device=seeds.device).view(batch, frames, 1)
        rows = tokens.reshape(-1, width).index_select(0, (first + 1 + seeds).flatten())  # whole rows: a copy of memory
        return rows.view(batch, frames, -1, width)
    slices = tokens.view(*tokens.shape[:3], seeds.shape[-1], -1)  # (B, T, 1+N, heads, d)
    return slices.gather(2, (seeds + 1)[..., None].expand(-1, -1, -1, -1, slices.shape[-1])).flatten(-2)


def _first(block: Block, rows: Tensor, beside: Beside) -> Tensor:
    """What attention adds to [CLS] of every frame, (B, T, 1, D), from normed rows (B, T, 1+N, D)."""
    if beside.frames is not None:
        query = block.attn.query(rows[:, :, :1])
        out = attend(query, beside.frames(query, *block.attn.key_value(rows), beside.bias))
    else:
        extra = None if beside.context is None else block.ln_1(beside.context)
        bias = None if extra is None else reference.bias_per_key(beside.bias, rows.shape[2], extra.shape[1])
        out = attend_first(block.attn, rows, extra, bias)[:, :, None]
    added: Tensor = block.attn.out_proj(out)
    return added


def _see(block: Block, query: Tensor, key: Tensor, value: Tensor, beside: Beside) -> Attended:
    """A frame's own keys and values (B, T, 1+N, heads, d), with those of the reference tokens if there are any."""
    if beside.frames is not None:
        return beside.frames(query, key, value, beside.bias)
    if beside.context is None:
        return reference.own(query, key, value)
    return reference.shared(query, (key, value), block.attn.key_value(block.ln_1(beside.context)), beside.bias)


def _summary(recipe: ContextRecipe, seen: Attended, seeds: Tensor, rows: Tensor, draws: Tensor | None) -> Summary:
    """Context tokens of the seeds, whose rows are (B, T, S, D)."""
    count = rows.shape[1] * rows.shape[2]
    if draws is not None and draws.shape[1] != count:
        raise UserError(
            f"the model has draws for {draws.shape[1]} seeds of a video and this one has {count}: build it for videos "
            f"of {rows.shape[1]} frames"
        )
    weight = recipe.weigh(seen).gather(2, seeds).flatten(1) if recipe.weigh else None
    return recipe.summarise(rows.flatten(1, 2), weight, draws)
