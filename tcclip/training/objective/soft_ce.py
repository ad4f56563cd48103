"""Cross entropy with smoothed labels and videos mixed inside a micro-batch (methods.md 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from tcclip.models.class_part import ClassPart, ClassParts
from tcclip.params.kinds.objective.soft_ce import Settings
from tcclip.training.batches import Batch
from tcclip.training.losses import soft_ce
from tcclip.training.mixing import smoothed_and_mixed
from tcclip.training.objective.objective import Learner, Moment, Objective


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over all classes of the model."""
    return SoftCrossEntropy(settings, learner, ClassParts(learner.model))


@dataclass(frozen=True)
class SoftCrossEntropy:
    """Class texts are encoded once a step, or once where nothing in them is trained."""

    gathers: ClassVar[bool] = False
    settings: Settings
    learner: Learner
    texts: ClassParts

    def begin(self, at: Moment) -> ClassPart:
        """The class texts."""
        with self.learner.cast():
            return self.texts.of_step(self.learner.forms(at))

    def loss(self, shared: ClassPart, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """The loss, and how many videos got the class with the largest share of their target."""
        settings, classes = self.settings, self.learner.model.classes
        clips, targets = smoothed_and_mixed(
            batch.clips, batch.labels, classes, settings.label_smoothing, settings.mixup, at.stream("mix")
        )
        logits = self.learner.logits(clips, shared.cut, at)  # (B, C)
        return soft_ce(logits, targets), (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()

    def end(self, shared: ClassPart) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        shared.backward()
