"""Cross entropy of hard labels over all classes of the model, or over some (methods.md 3.3 and 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.class_part import ClassPart, ClassParts
from tcclip.models.precision import single
from tcclip.params.kinds.objective.ce import Settings
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import Learner, Moment, Objective


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over all classes of the model, or over as many as the settings allow."""
    return CrossEntropy(settings, learner, ClassParts(learner.model))


class Shared(NamedTuple):
    """What a step's micro-batches are compared with."""

    texts: ClassPart
    places: Tensor | None  # (C,) int64: a class's column of the logits; None: all classes are there, in their order


@dataclass(frozen=True)
class CrossEntropy:
    """Class texts are encoded once a step, or once where nothing in them is trained."""

    gathers: ClassVar[bool] = False
    settings: Settings
    learner: Learner
    texts: ClassParts

    def begin(self, at: Moment) -> Shared:
        """The class texts; where there are too many classes, those of the step's videos and of others."""
        model, most, forms = self.learner.model, self.settings.most_classes, self.learner.forms(at)
        if most is None or model.classes <= most:
            with self.learner.cast():
                return Shared(self.texts.of_step(forms), None)
        labels = self.learner.labels_of_step(at)
        drawn = drawn_classes(labels, model.classes, most, at.stream("negatives"))
        chosen = torch.from_numpy(drawn)  # (n,), on the CPU, where it is worked out what of their texts is computed
        among = chosen.to(self.learner.device, non_blocking=True)
        places = torch.full((model.classes,), -1, device=self.learner.device)
        places[among] = torch.arange(len(among), device=self.learner.device)
        with self.learner.cast():
            return Shared(
                ClassPart.of(model, model.texts_of(chosen, forms), None if forms is None else len(forms)), places
            )

    def loss(self, shared: Shared, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """The mean over videos of -log softmax(logits) at the label, and how many videos got their label."""
        logits = self.learner.logits(batch.clips, shared.texts.cut, at)  # (B, C), or (B, n)
        labels = batch.labels if shared.places is None else shared.places[batch.labels]
        return F.cross_entropy(single(logits), labels), (logits.argmax(dim=1) == labels).sum()

    def end(self, shared: Shared) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        shared.texts.backward()


def drawn_classes(labels: list[int], classes: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """The classes (n,) of a step: those of its videos in label order, then others at random until there are `most`."""
    own = np.unique(labels)
    others = np.setdiff1d(np.arange(classes), own)
    return np.concatenate([own, rng.choice(others, max(most - len(own), 0), replace=False)])
