"""Cross entropy, and features that stay near a frozen CLIP's behind residual projectors (systems/froster.md 2 and 4).

L = CE(logits) + w (1 - mean_bt cos(g_v(u_bt / |u_bt|), u'_bt) + 1 - mean_c cos(g_t(c), c')), u and c the features of
frames and classes, u' and c' the teacher's, g the projectors. Logits are those of the features before the projectors.
The second distance is over all classes and the same in every micro-batch, so that a step's mean has it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.class_part import ClassPart, ClassParts
from tcclip.models.part import Part
from tcclip.models.precision import exact
from tcclip.models.projector import away, projectors
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.objective.distilled import Settings
from tcclip.training import teacher
from tcclip.training.batches import Batch
from tcclip.training.losses import soft_ce
from tcclip.training.mixing import smoothed_and_mixed
from tcclip.training.objective.objective import Learner, Moment, Objective


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over all classes of the model, with a teacher that is loaded now."""
    return Distilled(settings, learner, ClassParts(learner.model), teacher.load(learner))


def part(settings: Settings, config: BackboneConfig) -> Part:
    """The projectors, which are trained with the model."""
    return projectors(config)


class Shared(NamedTuple):
    """What a step's micro-batches are compared with."""

    texts: ClassPart
    wanted: Tensor  # (C, E) the teacher's, of the same texts


@dataclass(frozen=True)
class Distilled:
    """Class texts are encoded once a step; the teacher's were when it was loaded."""

    gathers: ClassVar[bool] = False
    settings: Settings
    learner: Learner
    texts: ClassParts
    teacher: teacher.Teacher

    def begin(self, at: Moment) -> Shared:
        """The class texts of the model and of the teacher, in the forms that are drawn for the step."""
        forms, together = self.learner.forms(at), self.learner.model.composition.text.together
        texts = self.teacher.texts  # (n, C, E)
        theirs = texts if forms is None else torch.stack([texts[form] for form in forms])
        with self.learner.cast():
            return Shared(self.texts.of_step(forms), theirs.flatten(0, 1) if together is None else together(theirs))

    def loss(self, shared: Shared, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """The loss, and how many videos got the class with the largest share of their target."""
        model, settings = self.learner.model, self.settings
        clips, targets = smoothed_and_mixed(
            batch.clips, batch.labels, model.classes, settings.label_smoothing, settings.mixup, at.stream("mix")
        )
        draws, chosen = self.learner.draws(len(clips), at), self.learner.chosen(len(clips), at)
        with self.learner.cast():
            seen = model.encode_video(clips, draws)
            texts = model.encode_text(seen, shared.texts.cut)  # (C, E)
            logits = model.scored(model.pooled(seen), texts, chosen)  # (B, C)
        apart = self.away("visual", seen.frames, self.teacher.frames(clips)) + self.away("text", texts, shared.wanted)
        loss = soft_ce(logits, targets) + settings.distill_weight * apart
        return loss, (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()

    def away(self, side: str, features: Tensor, wanted: Tensor) -> Tensor:
        """How far the projections of features (..., E) are from the teacher's: float32 or better, whatever the cast."""
        with exact(features):
            project = self.learner.model.get_submodule("projector").get_submodule(side)
            normed = F.normalize(features, dim=-1)
            return away(project(normed, self.settings.residual), wanted)

    def end(self, shared: Shared) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        shared.texts.backward()
