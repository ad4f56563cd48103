"""Cross entropy of hard labels over all classes of the model (methods.md 3.3 and 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from tcclip.models.class_part import ClassPart, ClassParts
from tcclip.models.precision import single
from tcclip.params.kinds.objective.ce import Settings
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import Learner, Objective, Place


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over all classes of the model."""
    return CrossEntropy(learner, ClassParts(learner.model))


@dataclass(frozen=True)
class CrossEntropy:
    """Class texts are encoded once a step, or once where nothing in them is trained."""

    gathers: ClassVar[bool] = False
    learner: Learner
    texts: ClassParts

    def begin(self, at: Place) -> ClassPart:
        """The class texts."""
        with self.learner.cast():
            return self.texts.of_step()

    def loss(self, shared: ClassPart, batch: Batch, at: Place) -> tuple[Tensor, Tensor]:
        """The mean over videos of -log softmax(logits) at the label, and how many videos got their label."""
        logits = self.learner.logits(batch.clips, shared.cut, at)  # (B, C)
        return F.cross_entropy(single(logits), batch.labels), (logits.argmax(dim=1) == batch.labels).sum()

    def end(self, shared: ClassPart) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        shared.backward()
