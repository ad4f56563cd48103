"""Matching of the videos of a whole step with their texts, both ways (methods.md 1.4 and 3.2).

S_ij = s cos(v_i, t_j) over all A videos of an optimizer step, whatever its micro-batches and processes; t_j is a text
of video j's class. The loss couples them, so all features are computed before the first gradient: those of the videos
without a graph, and of each micro-batch again with one. A micro-batch's loss has the features of the others as
constants; since the loop divides by the number of micro-batches, its own features send that many times their gradient,
and logit_scale, which every micro-batch has, sends its own. A process's only micro-batch of a step is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tcclip.params.kinds.objective.kl_pairs import Settings
from tcclip.process import distributed
from tcclip.training.batches import Batch
from tcclip.training.losses import kl, pair_targets
from tcclip.training.objective.objective import Learner, Objective, Place


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over the classes of a step's videos."""
    return KlPairs(settings, learner)


@dataclass(frozen=True)
class Pairs:
    """All pairs of a step."""

    videos: Tensor  # (A, E) of all processes, constants
    texts: Tensor  # (A, E) of all processes, constants
    labels: Tensor  # (A,)
    rows: Mapping[int, slice]  # of every own micro-batch in these, by its number in the epoch
    first: int  # own row
    whole: Tensor  # own texts as the text tower made them
    cut: Tensor  # the same values for the micro-batches; gradients stop here and are added up
    live: Tensor | None  # the only own micro-batch's videos with their graph


@dataclass(frozen=True)
class KlPairs:
    """Texts of a step's pairs are encoded once, those that several videos share too."""

    gathers: ClassVar[bool] = True
    settings: Settings
    learner: Learner

    def begin(self, at: Place) -> None:
        """Everything needs the step's videos."""

    def look_ahead(self, shared: None, step: Sequence[tuple[Batch, Place]]) -> Pairs:
        """The features of all pairs of a step, of which this process has some micro-batches."""
        labels = torch.cat([batch.labels for batch, _ in step])
        whole = self.texts(labels, [place for _, place in step])
        with torch.set_grad_enabled(len(step) == 1):
            videos = torch.cat([self.videos(batch, place) for batch, place in step])
        size = len(step[0][0].labels)
        begin = distributed.rank() * len(labels)
        return Pairs(
            videos=distributed.all_gather(videos.detach()),
            texts=distributed.all_gather(whole.detach()),
            labels=distributed.all_gather(labels),
            rows={
                place.iteration: slice(begin + number * size, begin + (number + 1) * size)
                for number, (_, place) in enumerate(step)
            },
            first=begin,
            whole=whole,
            cut=whole.detach().requires_grad_(),
            live=videos if len(step) == 1 else None,
        )

    def videos(self, batch: Batch, at: Place) -> Tensor:
        """A micro-batch's features (B, E), not normalised."""
        model, draws = self.learner.model, self.learner.draws(len(batch.labels), at)
        with self.learner.cast():
            return model.pooled(model.encode_video(batch.clips, draws))

    def texts(self, labels: Tensor, places: Sequence[Place]) -> Tensor:
        """The text of each of the own videos, (own, E): of its class, in the form that is drawn for the video."""
        model, size = self.learner.model, len(labels) // len(places)
        drawn = [self.learner.chosen(size, place) for place in places]
        forms = [torch.zeros_like(labels[:size]) if form is None else form for form in drawn]
        return pair_texts(self.learner, torch.cat(forms) * model.classes + labels)

    def loss(self, shared: Pairs, batch: Batch, at: Place) -> tuple[Tensor, Tensor]:
        """The loss of the whole step, and how many of the batch's videos are most like a text of their class."""
        rows, size = shared.rows[at.iteration], len(batch.labels)
        times = len(shared.labels) // size
        own = self.videos(batch, at) if shared.live is None else shared.live
        texts = shared.cut[rows.start - shared.first :][:size]
        videos = _in_place(shared.videos, rows, _sending(own, times))  # (A, E)
        texts = _in_place(shared.texts, rows, _sending(texts, times))
        model = self.learner.model
        logits = model.composition.score(videos, texts, model.logit_scale.exp())  # (A, A)
        targets = pair_targets(shared.labels, self.settings.truth_scale)
        loss = (kl(targets, logits) + kl(targets, logits.T)) / 2
        return loss, (shared.labels[logits[rows].argmax(dim=1)] == batch.labels).sum()

    def end(self, shared: Pairs) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        if shared.whole.requires_grad:
            torch.autograd.backward([shared.whole], [shared.cut.grad])


def pair_texts(learner: Learner, rows: Tensor) -> Tensor:
    """Features (A, E) of some of the model's texts, `rows` (A,) of its tokens; one that occurs twice is made once."""
    which, where = torch.unique(rows, return_inverse=True)
    model = learner.model
    with learner.cast():
        made = model.finished(model.encode_classes(which))
    assert isinstance(made, Tensor)  # kl_pairs goes with no look
    return made.index_select(0, where)


def _in_place(constants: Tensor, rows: slice, own: Tensor) -> Tensor:
    return torch.cat([constants[: rows.start], own, constants[rows.stop :]])


def _sending(features: Tensor, times: int) -> Tensor:
    """The same values, which send so many times their gradient."""
    return features.detach() + times * (features - features.detach())
