"""What the training loop asks of an objective, and what an objective works with.

An optimizer step is `begin`, one `loss` with its backward pass for every micro-batch of this process, and `end`; an
objective that couples videos of several micro-batches sees all of a step first (`LooksAhead`), and one whose loss has
parts that need not be in memory together gives them one after the other (`InParts`). The loop divides losses by the
number of micro-batches, scales them where the precision is fp16, and adds up gradients over processes after `end`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.models.part import Part
from tcclip.models.text.tower import ClassTexts
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.axis import Kind, module_of
from tcclip.params.texts import NONE, OutsideTexts
from tcclip.process.rng import generator
from tcclip.process.runtime import autocast
from tcclip.training.batches import Batch


@dataclass(frozen=True)
class Moment:
    """Where in a training something is computed: an epoch and one of its micro-batches, of a step its first one."""

    seed: int
    epoch: int
    iteration: int

    def stream(self, name: str) -> np.random.Generator:
        """The random numbers of this place for one purpose; every purpose has a name of its own."""
        return generator(self.seed, name, self.epoch, self.iteration)


def added_by(settings: Kind, config: BackboneConfig) -> list[Part]:
    """The weights that an objective adds to a model in training: what `part` of its module gives; most have none."""
    module = import_module(module_of(settings))
    return [module.part(settings, config)] if hasattr(module, "part") else []


def no_labels(at: Moment) -> list[int]:
    """For a model that is no training's."""
    return []


def no_backbone() -> Backbone:
    """For an objective that needs none."""
    raise NotImplementedError("this learner was made without a backbone")


class Written(NamedTuple):
    """What is written of the classes and videos of a training."""

    names: Sequence[str] = ()  # of the classes
    prompts: Sequence[str] = ()  # the texts of the classes, in the order of the model's tokens
    videos: Mapping[str, int] = MappingProxyType({})  # that are trained on -> their labels
    outside: OutsideTexts = NONE  # texts from outside, of the classes and the videos
    tokens: Mapping[str, list[int]] = MappingProxyType({})  # ids of texts that the backbone knows


NOTHING = Written()


@dataclass(frozen=True)
class Learner:
    """The model that is trained, and how it is run."""

    model: ClipVideo
    device: torch.device
    precision: str
    backbone: Callable[[], Backbone] = no_backbone  # loads CLIP, for a teacher or for weights to interpolate with
    labels_of_step: Callable[[Moment], list[int]] = no_labels  # of all videos of a step, whoever computes them
    written: Written = NOTHING

    def cast(self) -> AbstractContextManager[Any]:
        """The precision of a forward pass."""
        return autocast(self.device, self.precision)

    def draws(self, videos: int, at: Moment) -> Tensor | None:
        """What is random inside the vision tower for the videos of a micro-batch, for methods that have such layers."""
        draws = self.model.visual.draw(at.stream("draws"), videos)
        return None if draws is None else draws.to(self.device, non_blocking=True)

    def chosen(self, videos: int, at: Moment) -> Tensor | None:
        """Which of the texts of a class each video of a micro-batch is compared with, (B,), where there are several."""
        text = self.model.composition.text
        if text.joined is None:
            return None
        drawn = torch.from_numpy(at.stream("texts").integers(text.of_class, size=videos))
        return drawn.to(self.device, non_blocking=True)

    def forms(self, at: Moment) -> tuple[int, ...] | None:
        """Which of the texts of every class an optimizer step reads, where that is drawn; None: all of them."""
        of_step = self.model.composition.text.of_step
        return None if of_step is None else of_step(at.stream("forms"))

    def logits(self, clips: Tensor, classes: ClassTexts, at: Moment) -> Tensor:
        """Clips (B, T, 3, H, W) -> logits (B, C)."""
        draws, chosen = self.draws(len(clips), at), self.chosen(len(clips), at)
        with self.cast():
            logits: Tensor = self.model(clips, classes, draws, chosen)
        return logits


class Objective(Protocol):
    """A kind of objective. What lasts longer than a step, a teacher for example, is loaded when it is made."""

    # Whether a loss needs the other processes' micro-batches of its turn: their number must then divide the step's.
    gathers: ClassVar[bool]

    def begin(self, at: Moment) -> Any:
        """What the micro-batches of a step share."""

    def loss(self, shared: Any, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """Mean loss over the videos of a micro-batch, a scalar, and how many of them the model got right."""

    def end(self, shared: Any) -> None:
        """Close a step: gradients that have arrived at what was shared go on to the weights."""


@runtime_checkable
class LooksAhead(Objective, Protocol):
    """An objective whose loss couples several micro-batches: it gets those of a step after `begin`, before a `loss`."""

    def coupled(self, step: int, size: int) -> int:
        """How many of the `step` micro-batches of an optimizer step, of `size` videos each, one loss couples.

        Processes must share these equally. UserError where they do not divide the step.
        """

    def look_ahead(self, shared: Any, step: Sequence[tuple[Batch, Moment]]) -> Any:
        """What the micro-batches of a step share, from `begin`'s and all micro-batches of this process."""


@runtime_checkable
class InParts(Protocol):
    """An objective whose loss of a micro-batch is a sum; each part is sent back before the next is computed."""

    gathers: ClassVar[bool]  # as an Objective's

    def begin(self, at: Moment) -> Any:
        """What the micro-batches of a step share."""

    def losses(self, shared: Any, batch: Batch, at: Moment) -> Iterator[tuple[Tensor, Tensor]]:
        """Each part, a scalar, and how many videos got their class; the sums are those of an Objective's `loss`."""

    def end(self, shared: Any) -> None:
        """Close a step: gradients that have arrived at what was shared go on to the weights."""


def losses_of(objective: Objective | InParts, shared: Any, batch: Batch, at: Moment) -> Iterator[tuple[Tensor, Tensor]]:
    """The parts of a micro-batch's loss, most often one, each to be sent back before the next is asked for."""
    if isinstance(objective, InParts):
        yield from objective.losses(shared, batch, at)
    else:
        yield objective.loss(shared, batch, at)
