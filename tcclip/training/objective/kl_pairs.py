"""Matching of the videos of a step with their texts, both ways (methods.md 1.4, 3.2 and 3.9).

S_ij is the score of video i with the text, or all texts, of video j's class, over all A videos that a loss matches:
those of an optimizer step, or of a part of it, whatever its micro-batches and processes. The loss couples them, so
features of videos are computed before the first gradient, without a graph, and those of each micro-batch again with
one. A micro-batch's loss has the features of the others as constants; since the loop divides by the number of
micro-batches, its own features send their gradient as many times as its loss has micro-batches, and logit_scale, which
every micro-batch has, sends its own. A process's only micro-batch of a loss is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.params.kinds.objective.kl_pairs import Settings
from tcclip.process import distributed
from tcclip.training.batches import Batch
from tcclip.training.losses import kl, pair_targets
from tcclip.training.objective.objective import Learner, Moment, Objective


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over the classes of a step's videos."""
    return KlPairs(settings, learner)


@dataclass(frozen=True)
class Pairs:
    """All pairs of a step, in G groups of A videos of all processes, each of which has a loss."""

    videos: Tensor | None  # (G, A, ...) constants; None: of a group every process has one micro-batch, with its graph
    texts: Tensor  # (G, A, ...) constants
    labels: Tensor  # (G, A)
    numbers: Mapping[int, int]  # an own micro-batch's number in the epoch -> among the own ones of the step
    each: int  # own micro-batches of a group
    whole: Tensor  # own texts as the text tower made them
    cut: Tensor  # the same values for the micro-batches; gradients stop here and are added up


@dataclass(frozen=True)
class KlPairs:
    """Texts of a step's pairs are encoded once, those that several videos share too."""

    gathers: ClassVar[bool] = True
    settings: Settings
    learner: Learner

    def coupled(self, step: int, size: int) -> int:
        """How many of the `step` micro-batches of an optimizer step, of `size` videos each, a loss matches."""
        videos = self.settings.videos
        if videos is None or videos >= step * size:
            return step
        if videos % size or step * size % videos:
            raise UserError(
                f"recipe.objective.videos {videos} does not go with an optimizer step of {step} micro-batches of "
                f"{size} videos (total_batch and micro_batch of the protocol): it must be a multiple of micro_batch "
                "and divide total_batch, or be null"
            )
        return videos // size

    def begin(self, at: Moment) -> None:
        """Everything needs the step's videos."""

    def look_ahead(self, shared: None, step: Sequence[tuple[Batch, Moment]]) -> Pairs:
        """The features of all pairs of a step, of which this process has some micro-batches."""
        labels, processes = torch.cat([batch.labels for batch, _ in step]), distributed.world_size()
        each = self.coupled(len(step) * processes, len(step[0][0].labels)) // processes
        groups = len(step) // each
        whole = self.texts(labels, [place for _, place in step])
        videos = None
        if each > 1:
            with torch.no_grad():
                own = torch.cat([self.videos(batch, place) for batch, place in step])
            videos = _gathered(own, groups)
        return Pairs(
            videos=videos,
            texts=_gathered(whole.detach(), groups),
            labels=_gathered(labels, groups),
            numbers={place.iteration: number for number, (_, place) in enumerate(step)},
            each=each,
            whole=whole,
            cut=whole.detach().requires_grad_(),
        )

    def videos(self, batch: Batch, at: Moment) -> Tensor:
        """A micro-batch's features (B, E), or (B, T, E) of its frames, not normalised."""
        model, draws = self.learner.model, self.learner.draws(len(batch.labels), at)
        with self.learner.cast():
            return model.pooled(model.encode_video(batch.clips, draws))

    def texts(self, labels: Tensor, places: Sequence[Moment]) -> Tensor:
        """The text of each of the own videos, (own, ...): of its class, in the form that is drawn where one is."""
        size = len(labels) // len(places)
        drawn = [form for place in places if (form := self.learner.chosen(size, place)) is not None]
        return pair_texts(self.learner, labels, torch.cat(drawn) if drawn else None)

    def loss(self, shared: Pairs, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """The loss of the batch's group, and how many of its videos are most like a text of their class."""
        number, size = shared.numbers[at.iteration], len(batch.labels)
        group, place = divmod(number, shared.each)
        labels = shared.labels[group]
        first = (distributed.rank() * shared.each + place) * size
        rows = slice(first, first + size)
        own, texts = self.videos(batch, at), shared.cut[number * size :][:size]
        others = distributed.all_gather(own.detach()) if shared.videos is None else shared.videos[group]
        times = len(labels) // size / self.settings.divided_by
        model = self.learner.model
        logits = model.composition.score(  # (A, A)
            _in_place(others, rows, _sending(own, times)),
            _in_place(shared.texts[group], rows, _sending(texts, times)),
            model.logit_scale.exp(),
        )
        targets = pair_targets(labels, self.settings.truth_scale)
        loss = kl(targets, logits) + kl(targets, logits.T)
        loss = loss / 2 if self.settings.directions == "mean" else loss
        return loss, (labels[logits[rows].argmax(dim=1)] == batch.labels).sum()

    def end(self, shared: Pairs) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        if shared.whole.requires_grad:
            torch.autograd.backward([shared.whole], [shared.cut.grad])


def pair_texts(learner: Learner, labels: Tensor, forms: Tensor | None) -> Tensor:
    """The texts (A, ...) of videos of classes `labels` (A,); those that occur twice are made once.

    forms (A,): which text of its class each video is compared with; None: with all of them, or the only one.
    """
    model = learner.model
    wanted = labels if forms is None else forms * model.classes + labels
    which, where = torch.unique(wanted, return_inverse=True)
    with learner.cast():
        made = model.finished(model.encode_classes(model.texts_of(which) if forms is None else which))
    assert isinstance(made, Tensor)  # kl_pairs goes with no look
    return made.index_select(0, where)


def _gathered(own: Tensor, groups: int) -> Tensor:
    """Own rows (G*a, ...), group by group -> those of all processes (G, A, ...), each group in the order of ranks."""
    rows = distributed.all_gather(own).reshape(distributed.world_size(), groups, -1, *own.shape[1:])
    return rows.transpose(0, 1).flatten(1, 2)


def _in_place(constants: Tensor, rows: slice, own: Tensor) -> Tensor:
    return torch.cat([constants[: rows.start], own, constants[rows.stop :]])


def _sending(features: Tensor, times: float) -> Tensor:
    """The same values, which send so many times their gradient."""
    return features.detach() + times * (features - features.detach())
