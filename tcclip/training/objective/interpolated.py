"""Cross entropy at the weights and on the way back to CLIP's (docs/spec/systems/open_vclip.md 4.6 to 4.8).

L = CE(theta) + f CE(a CLIP + (1 - a) theta), a uniform in a range, drawn once a step. The second gradient is that of
the interpolated weights, added to theta's without the factor 1 - a. The two losses of a micro-batch are computed one
after the other, so that only one of their graphs is there at a time; beside it there are CLIP's weights and the
interpolated ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from tcclip.models.build import clip_positions
from tcclip.models.class_part import ClassPart, ClassParts
from tcclip.models.other_weights import at_weights
from tcclip.params.kinds.objective.interpolated import Settings
from tcclip.process import distributed
from tcclip.training.batches import Batch
from tcclip.training.losses import soft_ce
from tcclip.training.mixing import smoothed_and_mixed
from tcclip.training.objective.objective import InParts, Learner, Moment


def make(settings: Settings, learner: Learner) -> InParts:
    """The objective over all classes of the model, whose trained weights of CLIP are interpolated."""
    return Interpolated(settings, learner, ClassParts(learner.model), clip_weights(learner))


class Shared(NamedTuple):
    """What a step's micro-batches have in common."""

    texts: ClassPart
    between: Mapping[str, Tensor]  # the interpolated weights by canonical name
    texts_between: ClassPart  # at these; the same one where nothing of the texts is trained


@dataclass(frozen=True)
class Interpolated:
    """Class texts are encoded once a step at either weights, or once where nothing in them is trained."""

    gathers: ClassVar[bool] = False
    settings: Settings
    learner: Learner
    texts: ClassParts
    clip: Mapping[str, Tensor]  # CLIP's weights, of those that are trained

    def begin(self, at: Moment) -> Shared:
        """The class texts, and the weights of the step's second loss."""
        model, between, forms = self.learner.model, self.between(self.share(at)), self.learner.forms(at)
        with self.learner.cast():
            again = texts = self.texts.of_step(forms)
            if texts.trained:
                with at_weights(model, between):
                    again = ClassParts(model).of_step(forms)
        return Shared(texts, between, again)

    def share(self, at: Moment) -> float:
        """CLIP's share in a step, the same after a resume. The authors' is unseeded, and each process's own."""
        own = f"interpolation of {distributed.rank()}" if self.settings.drawn_for == "process" else "interpolation"
        return float(at.stream(own).uniform(0, self.settings.most_clip))

    def between(self, share: float) -> dict[str, Tensor]:
        """share CLIP + (1 - share) theta, whose gradients go to theta as they are."""
        own = dict(self.learner.model.named_parameters())
        return {name: own[name] + share * (clip - own[name].detach()) for name, clip in self.clip.items()}

    def losses(self, shared: Shared, batch: Batch, at: Moment) -> Iterator[tuple[Tensor, Tensor]]:
        """The loss at the weights with how many videos got their class, and that at the interpolated ones.

        The model is at the interpolated weights until more is asked for after the second one, its way back included.
        """
        learner, settings = self.learner, self.settings
        clips, targets = smoothed_and_mixed(
            batch.clips, batch.labels, learner.model.classes, settings.label_smoothing, settings.mixup, at.stream("mix")
        )
        logits = learner.logits(clips, shared.texts.cut, at)  # (B, C)
        hits = (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()
        yield soft_ce(logits, targets), hits
        del logits
        with at_weights(learner.model, shared.between):
            again = learner.logits(clips, shared.texts_between.cut, at)  # (B, C)
            yield settings.factor * soft_ce(again, targets), torch.zeros_like(hits)

    def end(self, shared: Shared) -> None:
        """Gradients go through the text layers, once for all micro-batches."""
        shared.texts.backward()
        if shared.texts_between is not shared.texts:
            shared.texts_between.backward()


def clip_weights(learner: Learner) -> dict[str, Tensor]:
    """CLIP's values of those of the model's weights that are trained and CLIP has, by canonical name."""
    model, backbone = learner.model, learner.backbone()
    clip = {**backbone.tensors, **clip_positions(model, backbone.tensors)}
    added = {name for _, names in model.parts for name in names}
    return {
        name: clip[name].to(weight, copy=True)
        for name, weight in model.named_parameters()
        if weight.requires_grad and name in clip and name not in added
    }
