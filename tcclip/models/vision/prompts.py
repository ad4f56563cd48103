"""Prompt tokens in every layer: what frames see beside their own tokens in Vita-CLIP (systems/vita_clip.md 3).

A frame's attention has three kinds of prompts among its keys: its summary token (what attention among the frames makes
of the projected [CLS] tokens), the local tokens of the video (a learned vector for each frame plus its projected [CLS])
and the global tokens (learned alone). Nobody reads what becomes of prompts, so they have no queries: the numbers are
those of a block in which they are tokens like others and are dropped after its attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.attention import Attended, attend, attend_among, attend_first
from tcclip.models.initial_values import constant, drawn, uniform, uniform_by_inputs
from tcclip.models.part import Part
from tcclip.models.transformer import Attention, Block, LayerNorm
from tcclip.models.vision.exchange import Note, Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.prompts import Settings
from tcclip.params.method import Method

PROJECTION = "cls_proj"  # names of the weights, below no prefix (systems/vita_clip.md 1)
SUMMARY = "summary"
LOCAL = "local"
GLOBAL = "global_prompts"


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> PromptExchange:
    """Prompts in every layer, for videos of `frames` frames."""
    return PromptExchange(settings, frames)


@dataclass(frozen=True)
class PromptExchange:
    """Prompts join every frame's keys and values."""

    settings: Settings
    frames: int  # T, which the local prompts are made for
    fixed_draws: None = None  # nothing is random

    def part(self, config: BackboneConfig) -> Part:
        """The prompts, and what makes the summary; the projection of [CLS] is part of it and learns only if asked."""
        module = partial(Prompts, self.settings, config, self.frames)
        fixed = () if self.settings.train_cls_proj else (f"{PROJECTION}.",)
        return Part("vision", "", module, first_values(config), fixed=fixed)

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Prompts from the [CLS] tokens, attention of every frame to itself and to them, feed-forward."""
        assert run.own is not None
        if before.tokens.shape[1] != self.frames:
            raise UserError(
                f"the model's prompts are for videos of {self.frames} frames and this one has "
                f"{before.tokens.shape[1]}: build it for so many (`frames` of the protocol)"
            )
        own = partial(self.prompts, run.own, number)
        return LayerOutput(run.choose(number, _layer, _first)(block, before.tokens, own))

    def prompts(self, own: nn.Module, number: int, first: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """The prompts of layer `number` from the [CLS] tokens that it gets, (B, T, D), without any norm.

        They are what all frames of a video see, (B, T+G, D), and what each frame sees alone, its summary (B, T, D).
        """
        shared: list[Tensor] = []
        summary = None
        if self.settings.local or self.settings.summary:
            query = _of_layer(own, PROJECTION, number)(first)
            if self.settings.local:
                shared.append(_of_layer(own, LOCAL, number)(query))
            if self.settings.summary:
                summary = _of_layer(own, SUMMARY, number)(query)
        if self.settings.n_global:
            shared.append(own.get_parameter(GLOBAL)[number].expand(len(first), -1, -1))
        return torch.cat(shared, dim=1) if shared else None, summary

    def noting(self, note: Note) -> PromptExchange:
        """It makes no context tokens."""
        return self

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """As tokens like others they are in a block's attention, and global ones in its feed-forward, as originally."""
        settings, width, places = self.settings, config.vision_width, config.patches + 1
        more = frames * settings.local + settings.n_global + settings.summary
        attention = 4 * more * width**2 + 2 * ((places + more) ** 2 - places**2) * width
        making = frames * width**2 if settings.local or settings.summary else 0
        if settings.summary:
            making += 4 * frames * width**2 + 2 * frames**2 * width
        return config.vision_layers * (frames * (attention + 8 * settings.n_global * width**2) + making)


class Prompts(nn.Module):
    """The weights of all layers."""

    def __init__(self, settings: Settings, config: BackboneConfig, frames: int) -> None:
        super().__init__()
        width, layers = config.vision_width, range(config.vision_layers)
        if settings.n_global:
            self.register_parameter(GLOBAL, nn.Parameter(torch.empty(len(layers), settings.n_global, width)))
        if settings.local:
            self.add_module(LOCAL, nn.ModuleList(Local(frames, width) for _ in layers))
        if settings.summary:
            self.add_module(SUMMARY, nn.ModuleList(FrameSummary(width, config.vision_heads) for _ in layers))
        if settings.local or settings.summary:
            self.add_module(PROJECTION, nn.ModuleList(nn.Linear(width, width) for _ in layers))


class Local(nn.Module):
    """A learned vector for each frame, (T, D)."""

    def __init__(self, frames: int, width: int) -> None:
        super().__init__()
        self.prompts = nn.Parameter(torch.empty(frames, width))

    def forward(self, query: Tensor) -> Tensor:
        """Projected [CLS] tokens (B, T, D) -> local tokens (B, T, D), all of which every frame of the video sees."""
        return self.prompts + query


class FrameSummary(nn.Module):
    """Attention among the frames of a video, without positions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln = LayerNorm(width)
        self.attn = Attention(width, heads)

    def forward(self, query: Tensor) -> Tensor:
        """Projected [CLS] tokens q (B, T, D) -> q + MHSA(LN q), (B, T, D): frame t sees the t-th one."""
        return query + attend_among(self.attn, self.ln(query))


def first_values(config: BackboneConfig) -> Callable[..., dict[str, Tensor]]:
    """Prompts, projections and the summary's attention as the original draws them (systems/vita_clip.md 1)."""
    width = config.vision_width
    square = uniform(math.sqrt(6 / (width + width)))  # Xavier's of a (D, D) matrix; query, key and value are one each
    projections = [f"{PROJECTION}.{i}.{leaf}" for i in range(config.vision_layers) for leaf in ("weight", "bias")]
    return drawn(
        {
            "prompts": uniform(math.sqrt(6 / (3 * config.patch_size**2 + width))),
            "in_proj_weight": square,
            "out_proj.weight": square,
            "in_proj_bias": constant(0),
            "out_proj.bias": constant(0),
            **dict.fromkeys(projections, uniform_by_inputs),
        }
    )


def _of_layer(own: nn.Module, name: str, number: int) -> nn.Module:
    return cast(nn.ModuleList, own.get_submodule(name))[number]


Own = Callable[[Tensor], tuple[Tensor | None, Tensor | None]]  # [CLS] tokens -> shared prompts and summaries


def _layer(block: Block, tokens: Tensor, own: Own) -> Tensor:
    """Tokens (B, T, 1+N, D) -> tokens."""
    shared, summary = own(tokens[:, :, 0])
    query, key, value = block.attn.qkv(block.ln_1(tokens))  # (B, T, 1+N, heads, d)
    more: list[list[Tensor]] = []  # keys and values of prompts, (B, T, ..., heads, d)
    if shared is not None:
        pair = block.attn.key_value(block.ln_1(shared))
        more.append([part[:, None].expand(-1, tokens.shape[1], -1, -1, -1) for part in pair])
    if summary is not None:
        more.append([part[:, :, None] for part in block.attn.key_value(block.ln_1(summary))])
    key, value = (torch.cat(parts, dim=2) for parts in zip((key, value), *more, strict=True))
    seen = Attended(query, key, value, tokens.shape[2] - 1)
    return block.feed_forward(tokens + block.attn.out_proj(attend(query, seen)))


def _first(block: Block, tokens: Tensor, own: Own) -> Tensor:
    """As `_layer`, of [CLS] alone: (B, T, 1, D)."""
    shared, summary = own(tokens[:, :, 0])
    rows = tokens if summary is None else torch.cat([tokens, summary[:, :, None]], dim=2)
    more = None if shared is None else block.ln_1(shared)
    out = attend_first(block.attn, block.ln_1(rows), more, None)[:, :, None]
    return block.feed_forward(tokens[:, :, :1] + block.attn.out_proj(out))
