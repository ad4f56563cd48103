"""How frames see each other: what a vision kind gives to the tower, and the exchange of reference tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tcclip.models.part import Part
from tcclip.models.transformer import Block
from tcclip.models.vision.layers import ContextRecipe, LayerOutput, last_layer, layer
from tcclip.models.vision.reference import Reference
from tcclip.params.architecture import BackboneConfig


class Pass(NamedTuple):
    """What the layers of one pass through the tower have in common."""

    own: nn.Module | None  # the weights of the exchange's own part
    layers: int  # of the tower
    want_context: bool  # somebody reads the last layer's context tokens
    draws: Tensor | None  # (B, layers, seeds of a video): what is random
    recompute: bool  # layers keep less for the way back and are computed twice


class Exchange(Protocol):
    """What a vision kind's `make(settings, method, config, frames)` gives."""

    @property
    def fixed_draws(self) -> Tensor | None:
        """What is read outside of training, (layers, seeds of a video); None: nothing is random."""

    def part(self, config: BackboneConfig) -> Part | None:
        """The weights that the kind adds to CLIP's."""

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Layer `number`, from 0, on the output of the layer before; of the last one only [CLS] is read."""


class AttentionBias(nn.Module):
    """Attention bias of one layer: per head one number for the frame's own keys and one for reference keys."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.local_global_bias = nn.Parameter(torch.empty(heads, 2))


@dataclass(frozen=True)
class FrameExchange:
    """Reference tokens join every frame's keys and values; layers are counted from 0. By default there are none."""

    infuse: frozenset[int] = frozenset()  # the layers that read reference tokens
    frames: Reference | None = None  # takes reference tokens from the frames; None: they are context tokens
    summarise: frozenset[int] = frozenset()  # the layers that make context tokens
    recipe: ContextRecipe | None = None  # how
    bias: bool = False  # the layers that read reference tokens have an attention bias
    fixed_draws: Tensor | None = None

    def part(self, config: BackboneConfig) -> Part | None:
        """The attention biases, by the number of their layer."""
        if not self.bias:
            return None
        layers = sorted(self.infuse)
        return Part("vision", "tc", lambda: nn.ModuleDict({str(i): AttentionBias(config.vision_heads) for i in layers}))

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Attention of every frame to itself and to reference tokens, new context tokens, feed-forward."""
        last, reads = number + 1 == run.layers, number in self.infuse
        makes = number in self.summarise and (run.want_context or not last)
        compute: Callable[..., LayerOutput] = last_layer if last else layer
        if run.recompute and not last:
            compute = partial(checkpoint, layer, use_reentrant=False, preserve_rng_state=False)
        output = compute(
            block,
            before.tokens,
            before.context if reads else None,
            bias_of(run.own, number),
            self.recipe if makes else None,
            self.frames if reads else None,
            None if run.draws is None else run.draws[:, number],
        )
        return output if makes else output._replace(seeds=before.seeds, group=before.group)


def bias_of(own: nn.Module | None, number: int) -> Tensor | None:
    """The attention bias (heads, 2) of layer `number`, None where there is none."""
    if not isinstance(own, nn.ModuleDict) or str(number) not in own:
        return None
    return cast(AttentionBias, own[str(number)]).local_global_bias
