"""A run's model, ready to look at videos, and one clip of a video for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tcclip.attention.record import Recorded, record, texts_of
from tcclip.data.clips.sampling.sampling import Indices
from tcclip.data.clips.sampling.segments import tsn_center
from tcclip.data.clips.testing import test_clip, test_frames
from tcclip.data.splits.class_names import same_name
from tcclip.data.splits.split_tables import read_classes
from tcclip.data.texts.checked_texts import read_texts
from tcclip.data.videos.frames import FrameSource
from tcclip.errors import UserError
from tcclip.evaluation.subject import Subject, model_of
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.models.text.tower import ClassTexts
from tcclip.params import Method
from tcclip.params.texts import TextKind
from tcclip.process.runtime import pick_device, pick_precision

Pixels = NDArray[np.uint8]
TOLD = 3  # classes of a clip


class Opened(NamedTuple):
    """A model over class names, and what its clips are like."""

    name: str  # the run's
    model: ClipVideo
    method: Method
    classes: tuple[str, ...]
    frames: int  # T of a clip
    size: int  # pixels
    precision: str
    texts: ClassTexts | None = None  # of the classes; None: made anew for each clip

    def label(self, name: str) -> int:
        """The number of a class, however it is written; UserError if it is none of the model's."""
        plain = [same_name(known) for known in self.classes]
        if same_name(name) not in plain:
            raise UserError(
                f"'{name}' is none of the {len(plain)} classes that run {self.name} is asked about "
                f"({', '.join(self.classes[:5])}, ...): name others, or a dataset"
            )
        return plain.index(same_name(name))


class Clip(NamedTuple):
    """T frames of a video, evenly spread, as people and as a model see them."""

    numbers: Indices  # (T,), of the frames in the video
    pictures: Pixels  # (T, size, size, 3), the squares that the model sees
    pixels: Tensor  # (T, 3, size, size), normalised
    stored: tuple[int, int]  # height and width of the frames that these are squares of


def open_model(subject: Subject, classes: Path, given: Mapping[TextKind, Path]) -> Opened:
    """The model of a run or an untrained method as its evaluations have it, over the class names of a file.

    given: files of texts from outside, for methods that need some.
    """
    names, device = read_classes(classes), pick_device(subject.device)
    backbone, method = Backbone.load(subject.backbone), subject.method_for(names)
    model = model_of(subject, backbone, names, read_texts(given))
    precision = pick_precision(subject.machine.precision, device)
    size, model = backbone.config.image_size, model.to(device).eval()
    texts = texts_of(model, precision)
    return Opened(subject.name, model, method, names, subject.frames, size, precision, texts)


def even_clip(opened: Opened, store: FrameSource, video: str) -> Clip:
    """The middle frame of each of T equal parts of a video, whatever the method samples.

    All models are shown the same moments, so that their maps can be compared.
    """
    numbers, method = tsn_center(store.frames(video), opened.frames), opened.method
    stored = store.read(video, numbers)
    pictures = test_frames(stored, opened.size, centre=method.centre)
    shown = stored if method.channels == "rgb" else np.ascontiguousarray(stored[..., ::-1])
    pixels = test_clip(shown, opened.size, method.norm, centre=method.centre)
    return Clip(numbers, pictures, pixels, (stored.shape[1], stored.shape[2]))


def seen_by(opened: Opened, clip: Clip, graph: bool = False) -> Recorded:
    """One pass of a clip through the model."""
    return record(opened.model, clip.pixels, opened.texts, opened.precision, graph)


def best_classes(opened: Opened, recorded: Recorded) -> list[tuple[str, float]]:
    """The most probable classes of a clip and their probabilities, best first."""
    probabilities = recorded.logits.detach().double().softmax(dim=0)
    values, labels = probabilities.topk(min(TOLD, len(opened.classes)))
    return [(opened.classes[label], value) for label, value in zip(labels.tolist(), values.tolist(), strict=True)]
