"""What a model is made of, wherever it comes from: what is evaluated, its classes, and how its videos are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.errors import UserError
from tcclip.evaluation.subject import Subject
from tcclip.models.clip_video import ClipVideo
from tcclip.params.dataset import Frames
from tcclip.params.protocol import Views
from tcclip.params.texts import NONE, OutsideTexts

if TYPE_CHECKING:
    from tcclip.prediction.exporting import Facts


# Class names and the texts from outside that the method needs of them -> the model over these classes.
Build = Callable[[tuple[str, ...], OutsideTexts], ClipVideo]


@dataclass(frozen=True)
class Classes:
    """Class names in label order, and what texts from outside there are of them."""

    names: tuple[str, ...]
    texts: OutsideTexts = field(default_factory=lambda: NONE)


@dataclass(frozen=True)
class VideoReading:
    """How videos are read that belong to no dataset."""

    frames: Frames  # what larger ones are reduced to, and the time limit
    fmt: str  # how a file's name becomes its identity (`data.videos.listing.video_id`)
    videos: Path | None = None  # the folder that names are relative to, where a file lies below it


@dataclass(frozen=True)
class Set:
    """A dataset to be predicted: its classes and frames."""

    classes: Classes
    frames: Path  # its shards, or the index of its videos
    reading: VideoReading
    videos: tuple[str, ...]  # of the split that is asked for


@dataclass(frozen=True)
class Source:
    """A run, an untrained method or an exported folder."""

    subject: Subject
    views: Views
    size: int  # of a clip's side, pixels
    reading: VideoReading
    tokens: Mapping[str, list[int]]  # text -> token ids, of texts that are tokenised already
    build: Build
    own: Callable[[], Classes]  # of the training; UserError where there are none
    dataset: Callable[[str, str | None], Set]  # of the suite, by the paper's name and perhaps a split
    facts: Callable[[], Facts]  # for the card of an exported folder
    # A video, and perhaps its dataset and split -> its class, where the suite's lists say it
    truth: Callable[[str, str | None, str | None], str | None] = lambda video, role, split: None

    def own_or_none(self) -> Classes | None:
        """The training's classes; None where there are none, for a method whose weights do not know any."""
        try:
            return self.own()
        except UserError:
            if self.subject.trained_on is not None or self.subject.method.outside:
                raise
            return None
