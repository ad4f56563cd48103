"""A run's model, ready to look at videos, and one clip of a video for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tcclip.attention.record import Recorded, record
from tcclip.data.clips.sampling.sampling import Indices
from tcclip.data.clips.sampling.segments import tsn_center
from tcclip.data.clips.testing import test_clip, test_frames
from tcclip.data.resizing import stored_side
from tcclip.data.splits.class_names import same_name
from tcclip.data.splits.split_tables import read_classes
from tcclip.data.texts.checked import read_texts
from tcclip.data.videos import pictures_reader, pyav_reader
from tcclip.data.videos.decoding import shrink
from tcclip.data.videos.frames import FrameSource
from tcclip.data.videos.reader import BrokenVideoError, one_line, read_clip
from tcclip.errors import UserError
from tcclip.evaluation.subject import Subject, model_of
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.params import Method
from tcclip.params.texts import TextKind
from tcclip.process.runtime import pick_device, pick_precision

Pixels = NDArray[np.uint8]


class Opened(NamedTuple):
    """A model over class names, and what its clips are like."""

    name: str  # the run's
    model: ClipVideo
    method: Method
    classes: tuple[str, ...]
    frames: int  # T of a clip
    size: int  # pixels
    precision: str

    def label(self, name: str) -> int:
        """The number of a class, however it is written; UserError if it is none of the model's."""
        plain = [same_name(known) for known in self.classes]
        if same_name(name) not in plain:
            raise UserError(
                f"'{name}' is none of the {len(plain)} classes that run {self.name} is asked about "
                f"({', '.join(self.classes[:5])}, ...): --dataset names others"
            )
        return plain.index(same_name(name))


class Clip(NamedTuple):
    """T frames of a video, evenly spread, as people and as a model see them."""

    numbers: Indices  # (T,), of the frames in the video
    pictures: Pixels  # (T, size, size, 3), the squares that the model sees
    pixels: Tensor  # (T, 3, size, size), normalised
    stored: tuple[int, int]  # height and width of the frames that these are squares of


def open_model(
    subject: Subject, classes: Path, texts: Mapping[TextKind, Path], we: bool = False, also: str | None = None
) -> Opened:
    """The model of a run or an untrained method as its evaluations have it, over the class names of a file.

    we: mix the run's weights with CLIP's; also: one more class name, unless it is one of them.
    """
    names, device = read_classes(classes), pick_device(subject.device)
    if also is not None and same_name(also) not in map(same_name, names):
        names = (*names, also)
    backbone, method = Backbone.load(subject.backbone), subject.method_for(names)
    model = model_of(subject, backbone, names, read_texts(texts), we)
    precision = pick_precision(subject.machine.precision, device)
    size = backbone.config.image_size
    return Opened(subject.name, model.to(device).eval(), method, names, subject.frames, size, precision)


def even_clip(opened: Opened, total: int, read: Callable[[Indices], Pixels]) -> Clip:
    """The middle frame of each of T equal parts of a video of `total` frames, whatever the method samples.

    All models are shown the same moments, so that their maps can be compared.
    """
    numbers = tsn_center(total, opened.frames)
    stored, method = read(numbers), opened.method
    pictures = np.stack(test_frames(stored, opened.size, centre=method.centre))
    shown = stored if method.channels == "rgb" else np.ascontiguousarray(stored[..., ::-1])
    pixels = test_clip(shown, opened.size, method.norm, centre=method.centre)
    return Clip(numbers, pictures, pixels, (stored.shape[1], stored.shape[2]))


def clip_of_file(opened: Opened, path: Path) -> Clip:
    """A clip of a video file, or of a folder of pictures; UserError if it does not decode."""
    try:
        total = frames_in(path)

        def read(numbers: Indices) -> Pixels:
            side = stored_side(opened.size)
            return np.stack([shrink(frame, side, "plain") for frame in read_clip(path, numbers.tolist())])

        return even_clip(opened, total, read)
    except BrokenVideoError as error:
        raise UserError(f"{path} does not decode: {one_line(error)}") from error


def clip_of_dataset(opened: Opened, store: FrameSource, video: str) -> Clip:
    """A clip of a dataset's video, from the frames that are stored of it."""
    return even_clip(opened, store.frames(video), lambda numbers: store.read(video, numbers))


def frames_in(path: Path) -> int:
    """How many frames a video has; BrokenVideoError if it does not decode."""
    if path.is_dir():
        return sum(1 for _ in pictures_reader.shown(path))
    total = sum(1 for _ in pyav_reader.shown(path))  # decoded, but no picture is made
    if not total:
        raise BrokenVideoError("no frame can be decoded")
    return total


def seen_by(opened: Opened, clip: Clip, graph: bool = False) -> Recorded:
    """One pass of a clip through the model."""
    return record(opened.model, clip.pixels, precision=opened.precision, graph=graph)


def best_classes(opened: Opened, recorded: Recorded, top: int = 3) -> list[tuple[str, float]]:
    """The most probable classes of a clip and their probabilities, best first."""
    probabilities = recorded.logits.detach().double().softmax(dim=0)
    values, labels = probabilities.topk(min(top, len(opened.classes)))
    return [(opened.classes[label], value) for label, value in zip(labels.tolist(), values.tolist(), strict=True)]
