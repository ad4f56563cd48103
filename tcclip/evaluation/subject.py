"""What is evaluated, how it sees videos, and its model: from a run's weights to one over any class names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from tcclip.data.clips.testing import ViewClips
from tcclip.data.splits.split_tables import read_classes
from tcclip.data.videos.frames import FrameSource
from tcclip.errors import UserError
from tcclip.models.backbone import Backbone
from tcclip.models.build import build, clip_end, load_canonical
from tcclip.models.canonical import in_a_test
from tcclip.models.clip_video import ClipVideo
from tcclip.models.ensemble import ensemble
from tcclip.models.weights_file import read_run_weights
from tcclip.params import Method
from tcclip.params.protocol import Views
from tcclip.params.suite import Machine
from tcclip.params.texts import NONE, OutsideTexts
from tcclip.plan.layout import LAST


@dataclass(frozen=True)
class Subject:
    """What is evaluated: a run or an untrained method, and how it uses the machine."""

    name: str  # the run's name
    method: Method
    backbone: Path
    weights: Path | None  # the run's weights.safetensors; None for a method that is not trained
    folder: Path  # metrics.json is written here
    frames: int  # per view
    seed: int  # of random views
    machine: Machine
    code: str = ""  # fingerprint of the code of evaluations
    device: str = "auto"
    trained_on: Path | None = None  # class list (label, name) of the training; None: other classes make no difference
    made_by: str = ""  # fingerprint of params and code, of a run of the plan

    def method_for(self, names: tuple[str, ...]) -> Method:
        """The method for classes of these names: another one where its vectors are those of the training's classes."""
        if self.trained_on is None or read_classes(self.trained_on) == names:
            return self.method
        return self.method.on_other_classes()


def clips_of(subject: Subject, store: FrameSource, videos: list[str], views: Views, size: int) -> ViewClips:
    """All views of videos of `store` as the subject sees them: its frames, sampling, crops and pixel statistics.

    size: of a clip's side, pixels.
    """
    return ViewClips(store, videos, views, subject.frames, size, subject.method, subject.seed)


def model_of(
    subject: Subject,
    backbone: Backbone,
    names: tuple[str, ...],
    texts: OutsideTexts = NONE,
    we: bool = False,
    last: bool = False,
) -> ClipVideo:
    """The model over classes of these names, on the CPU, with the subject's weights.

    texts: from outside, of the classes, that the method needs; we: the weights' ensemble with CLIP; last: those of the
    last epoch, where the run's are the best epoch's. UserError where the weights are not there.
    """
    tuned = tuned_weights(subject, last)
    model = build(method := subject.method_for(names), backbone, names, subject.frames, texts=texts)
    if tuned is not None and method is not subject.method:
        tuned = without_classes(tuned, model)
    if tuned is not None and we:
        load_canonical(model, ensemble(clip_end(method, model, backbone.tensors), tuned, subject.method.we.w))
    elif tuned is not None:
        load_canonical(model, tuned, trained_only=True, where=str(subject.weights), cure=_again(subject))
    return model


def tuned_weights(subject: Subject, last: bool = False) -> dict[str, Tensor] | None:
    """The run's weights that a test has, or those of its last epoch; None for a method that is not trained."""
    if subject.weights is None:
        if subject.method.train:
            raise UserError(f"run {subject.name} of method '{subject.method.name}' has no weights: train it first")
        return None
    path = subject.weights.with_name(LAST) if last else subject.weights
    if not path.is_file():
        raise UserError(f"{path} is not there: `tcclip train {subject.name}` makes it")
    return in_a_test(read_run_weights(path, _again(subject)))


def _again(subject: Subject) -> str:
    return f"`tcclip train {subject.name} --restart` makes it again, or for a run from elsewhere its import"


def without_classes(tuned: dict[str, Tensor], model: ClipVideo) -> dict[str, Tensor]:
    """A run's weights for a model of other classes: what belongs to the training's stays behind."""
    return {name: tensor for name, tensor in tuned.items() if name in model.state_dict()}
