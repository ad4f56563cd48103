"""How frames see each other: what a vision kind gives to the tower, and the exchange of reference tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tcclip.models.compiled import as_it_is
from tcclip.models.counting import counted
from tcclip.models.part import Part
from tcclip.models.summarizer.groups import Summary
from tcclip.models.summarizer.summary import Summarise
from tcclip.models.transformer import Block
from tcclip.models.vision.layers import Beside, ContextRecipe, LayerOutput, last_layer, layer
from tcclip.models.vision.reference import Reference
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look._look import Seen

T = TypeVar("T")


class Pass(NamedTuple):
    """What the layers of one pass through the tower have in common."""

    own: nn.Module | None  # the weights of the exchange's own part
    layers: int  # of the tower
    looks_at: Seen | None  # what the texts read of the last layer, beside the [CLS] tokens that the score reads
    draws: Tensor | None  # (B, layers, seeds of a video): what is random
    recompute: bool  # layers keep less for the way back and are computed twice
    region: Callable[[Any], Any] = as_it_is  # what becomes of a layer's function before it is called

    def reads_patches(self, number: int) -> bool:
        """Somebody reads more of the tokens of layer `number` than [CLS]."""
        return number + 1 < self.layers or self.looks_at == "patches"

    def choose(self, number: int, whole: Callable[..., T], first: Callable[..., T]) -> Callable[..., T]:
        """How layer `number` is computed: `whole`, or `first` where nobody reads more than [CLS].

        `whole` is computed twice where layers are. `first` never is: it keeps next to nothing.
        """
        if not self.reads_patches(number):
            return first
        return partial(checkpoint, whole, use_reentrant=False, preserve_rng_state=False) if self.recompute else whole


# Hears of every summary that makes context tokens: what makes them, the seeds (B, n, D), weights and draws (B, n).
Note = Callable[[Summarise, Tensor, Tensor | None, Tensor | None], None]


class Exchange(Protocol):
    """What a vision kind's `make(settings, method, config, frames)` gives."""

    @property
    def fixed_draws(self) -> Tensor | None:
        """What is read outside of training, (layers, seeds of a video); None: nothing is random."""

    def part(self, config: BackboneConfig) -> Part | None:
        """The weights that the kind adds to CLIP's."""

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Layer `number`, from 0, on the output of the layer before; of its tokens [CLS] at least.

        Of the last layer nobody reads more, unless the texts look at patches (`run.reads_patches`).
        """

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """Multiply-accumulates that it adds to CLIP's tower for one video, by the paper's convention (methods.md 9)."""

    def noting(self, note: Note) -> Exchange:
        """The same one, whose summaries `note` hears of; itself where it makes no context tokens."""


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
    taken: int = 0  # reference tokens of a frame that are taken from the frames
    seeds: int = 0  # of a video, of which context tokens are made

    def part(self, config: BackboneConfig) -> Part | None:
        """The attention biases, by the number of their layer."""
        if not self.bias:
            return None
        layers = sorted(self.infuse)
        return Part("vision", "tc", lambda: nn.ModuleDict({str(i): AttentionBias(config.vision_heads) for i in layers}))

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """Attention of every frame to itself and to reference tokens, new context tokens, feed-forward."""
        makes = number in self.summarise and (run.looks_at == "context" or number + 1 < run.layers)
        beside = Beside(before.context, self.frames, bias_of(run.own, number)) if number in self.infuse else Beside()
        compute = run.choose(number, run.region(layer), run.region(last_layer))
        draws = None if run.draws is None else run.draws[:, number]
        output: LayerOutput = compute(block, before.tokens, beside, self.recipe if makes else None, draws)
        return output if makes else output._replace(seeds=before.seeds, group=before.group)

    def noting(self, note: Note) -> FrameExchange:
        """Its recipe's summaries are told."""
        if self.recipe is None:
            return self
        summarise = self.recipe.summarise

        def noted(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
            note(summarise, seeds, weight, draws)
            return summarise(seeds, weight, draws)

        return replace(self, recipe=replace(self.recipe, summarise=noted))

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """Making context tokens, their projections and feed-forward, and being attended to."""
        width, places, making, projections, tokens = config.vision_width, config.patches + 1, 0, 0, self.taken
        if self.recipe is not None:
            seeds, each = torch.empty(1, self.seeds, width, device="meta"), torch.empty(1, self.seeds, device="meta")
            summarise = partial(self.recipe.summarise, seeds, each, each)
            tokens = summarise().context.shape[1]
            making, projections = counted(summarise) // 2 + 8 * tokens * width**2, 2 * tokens * width**2
        attention = 2 * frames * places * tokens * width
        return len(self.summarise) * making + len(self.infuse) * (projections + attention)


def bias_of(own: nn.Module | None, number: int) -> Tensor | None:
    """The attention bias (heads, 2) of layer `number`, None where there is none."""
    if not isinstance(own, nn.ModuleDict) or str(number) not in own:
        return None
    return cast(AttentionBias, own[str(number)]).local_global_bias
