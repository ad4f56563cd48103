"""Message tokens: every frame sends one to all frames of the video in every layer (X-CLIP; methods.md 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from tcclip.models.attention import Attended, attend, attend_among, attend_first
from tcclip.models.initial_values import constant, drawn, uniform_by_inputs, xavier_uniform
from tcclip.models.part import Part
from tcclip.models.transformer import Attention, Block, LayerNorm
from tcclip.models.vision.exchange import Note, Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.messages import Settings
from tcclip.params.method import Method

START = drawn(
    {
        "in_proj_weight": xavier_uniform,
        "in_proj_bias": constant(0),
        "out_proj.bias": constant(0),
        "proj.weight": uniform_by_inputs,
        "proj.bias": uniform_by_inputs,
    }
)  # the framework's own first values (systems/xclip.md, fact 4)


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> MessageExchange:
    """Messages in every layer; they carry no position of their frame."""
    return MessageExchange()


class Messages(nn.Module):
    """What one layer makes its messages with."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, width)
        self.ln = LayerNorm(width)
        self.attn = Attention(width, heads)

    def forward(self, first: Tensor) -> Tensor:
        """[CLS] of every frame, as the layer gets it, -> messages m + MHSA(LN m) over the frames, both (B, T, D)."""
        sent = self.proj(first)
        messages: Tensor = sent + attend_among(self.attn, self.ln(sent))
        return messages


@dataclass(frozen=True)
class MessageExchange:
    """A frame's attention has its message among the keys, normed as its own tokens are; the message goes no further."""

    fixed_draws: None = None  # nothing is random

    def part(self, config: BackboneConfig) -> Part:
        """The messages' weights, by the number of their layer."""

        def module() -> nn.Module:
            own = (Messages(config.vision_width, config.vision_heads) for _ in range(config.vision_layers))
            return nn.ModuleList(own)

        return Part("vision", "message", module, START, new_rate=True)

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Messages among frames, attention of every frame to itself and its message, feed-forward."""
        own = cast(Messages, cast(nn.ModuleList, run.own)[number])
        return LayerOutput(run.choose(number, _layer, _first)(block, own, before.tokens))

    def noting(self, note: Note) -> MessageExchange:
        """It makes no context tokens."""
        return self

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """Projection, attention among messages, and one more row of every frame in the block's attention."""
        width, places = config.vision_width, config.patches + 1
        exchange = frames * 5 * width**2 + 2 * frames**2 * width
        row = frames * (4 * width**2 + 2 * ((places + 1) ** 2 - places**2) * width)
        return config.vision_layers * (exchange + row)


def _rows(block: Block, own: Messages, tokens: Tensor) -> Tensor:
    """What a frame's attention is computed from: LN1 of its tokens and of its message, (B, T, 1+N+1, D)."""
    return torch.cat([block.ln_1(tokens), block.ln_1(own(tokens[:, :, 0]))[:, :, None]], dim=2)


def _layer(block: Block, own: Messages, tokens: Tensor) -> Tensor:
    """Tokens (B, T, 1+N, D) -> tokens."""
    query, key, value = block.attn.qkv(_rows(block, own, tokens))  # (B, T, 1+N+1, heads, d)
    seen = Attended(query[:, :, :-1], key, value, tokens.shape[2] - 1)
    return block.feed_forward(tokens + block.attn.out_proj(attend(seen.query, seen)))


def _first(block: Block, own: Messages, tokens: Tensor) -> Tensor:
    """As `_layer`, of [CLS] alone: (B, T, 1, D)."""
    attended = attend_first(block.attn, _rows(block, own, tokens), None, None)[:, :, None]
    return block.feed_forward(tokens[:, :, :1] + block.attn.out_proj(attended))
