"""One pass of a model over one video, with what its vision layers' attention was computed from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.attention.context import Membership, share_of_seeds
from tcclip.errors import UserError
from tcclip.models.clip_video import ClipVideo
from tcclip.models.part import Part
from tcclip.models.recording import Heard, listening
from tcclip.models.summarizer.summary import Summarise
from tcclip.models.text.tower import ClassTexts
from tcclip.models.transformer import Block
from tcclip.models.vision.exchange import Exchange, Note, Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params.architecture import BackboneConfig
from tcclip.process.runtime import autocast


@dataclass
class Layer:
    """What one vision layer's attention was computed from; B is 1."""

    number: int  # from 0
    read: Membership | None = None  # the context tokens among its keys
    made: Membership | None = None  # the context tokens that it makes
    heard: list[Heard] = field(default_factory=list)

    @property
    def attention(self) -> Heard:
        """Of every frame's tokens; what comes after it serves the choice of seeds."""
        return next(heard for heard in self.heard if not heard.among)

    @property
    def among(self) -> Heard | None:
        """Of the frames' [CLS] tokens among each other, which new tokens are made of."""
        return next((heard for heard in self.heard if heard.among), None)


class Recorded(NamedTuple):
    """A video's pass through a model."""

    exchange: Exchange  # what frames see beside their own tokens
    layers: list[Layer]
    logits: Tensor  # (C,)
    frames: int  # T
    places: int  # M = 1+N


def record(
    model: ClipVideo,
    clip: Tensor,
    texts: ClassTexts | None = None,
    precision: str = "fp32",
    graph: bool = False,
) -> Recorded:
    """Compute logits of a normalised clip (T, 3, H, W) and keep queries, keys and decisions of the vision layers.

    texts: what `texts_of` gives, for callers with several clips; graph: keep what gradients need.
    """
    video, size = clip[None].to(next(model.parameters()).device), model.visual.patch_size
    places = (clip.shape[-2] // size) * (clip.shape[-1] // size) + 1
    model.eval()
    known = texts_of(model, precision) if texts is None else texts
    with recording(model) as layers, autocast(video.device, precision), torch.set_grad_enabled(graph):
        logits = model(video.requires_grad_(graph), known)[0]
    return Recorded(model.visual.exchange, layers, logits, len(clip), places)


@torch.no_grad()
def texts_of(model: ClipVideo, precision: str = "fp32") -> ClassTexts:
    """The texts of a model's classes, as far as they depend on no video; maps need no gradient of them."""
    model.eval()
    with autocast(next(model.parameters()).device, precision):
        return model.finished(model.encode_classes())


@contextmanager
def recording(model: ClipVideo) -> Iterator[list[Layer]]:
    """The vision layers of the one pass that is made inside."""
    exchange, layers = model.visual.exchange, list[Layer]()
    inside = Recording(exchange, layers)

    def hear(heard: Heard) -> None:
        if inside.open is not None:
            inside.open.heard.append(heard)

    model.visual.exchange = inside
    try:
        with listening(hear):
            yield layers
    finally:
        model.visual.exchange = exchange


class Recording:
    """An exchange that computes what another one does, and notes each layer's attention and context tokens."""

    def __init__(self, exchange: Exchange, layers: list[Layer]) -> None:
        self.exchange, self.layers = exchange, layers
        self.open: Layer | None = None  # the layer that is computed now
        self.shares: list[Tensor] = []  # of the seeds of this layer

    @property
    def fixed_draws(self) -> Tensor | None:
        """As the exchange's."""
        return self.exchange.fixed_draws

    def part(self, config: BackboneConfig) -> Part | None:
        """As the exchange's."""
        return self.exchange.part(config)

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """As the exchange's."""
        return self.exchange.macs(config, frames)

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """As the exchange's."""
        earlier = self.layers[-1].made if self.layers else None
        self.open = Layer(number, read=None if before.context is None else earlier)
        self.shares.clear()
        output = self.exchange.noting(self._note).layer(number, block, before, run)
        if output.context is not None and not self.shares:
            raise UserError(
                "the method's kind of vision makes context tokens and does not tell which patches they are made of: "
                "`noting` of its exchange has to hand on its summaries (docs/adding_a_method.md)"
            )
        if self.shares:
            assert output.seeds is not None and output.group is not None and output.context is not None
            self.open.made = Membership(output.seeds[0], output.group[0], self.shares[0][0], output.context.shape[1])
        self.layers.append(self.open)
        self.open = None
        return output

    def noting(self, note: Note) -> Exchange:
        """As the exchange's."""
        return self.exchange.noting(note)

    def _note(self, summarise: Summarise, seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> None:
        self.shares.append(share_of_seeds(summarise, seeds, weight, draws))
