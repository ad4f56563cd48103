"""A long list of videos, computed in parts as they become known; a video that cannot be read costs only itself."""

from __future__ import annotations

import dataclasses
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from traceback import clear_frames

import numpy as np
import torch
from torch import Tensor

from tcclip.data.videos.frames import FrameSource
from tcclip.data.videos.scanned import Scanned, frames_of
from tcclip.errors import UserError
from tcclip.evaluation.predict import SUMMED
from tcclip.evaluation.subject import Subject, clips_of
from tcclip.evaluation.summing import ClipNumbers, Videos, summed_over_views
from tcclip.params.dataset import Resize
from tcclip.params.protocol import Views
from tcclip.prediction.computing import Computer, as_in_evaluation

FIRST = 4  # batches of the first part
SECONDS = 15.0  # that a later part takes, about: how often something is told
ENDED = "DataLoader worker"  # how torch begins to say that a loader process has been killed

Known = Sequence[Future[Scanned]]
Store = Callable[[Sequence[Scanned]], FrameSource]  # of the videos of a part, which all have frames
Done = Callable[[int], None]  # takes how many videos are computed


@dataclasses.dataclass(frozen=True)
class Compute:
    """How the videos of a part become numbers."""

    model: Computer
    subject: Subject
    views: Views
    size: int  # of a clip's side, pixels
    width: int  # of a row of numbers: classes, or a feature's
    device: torch.device

    @property
    def whole(self) -> int:
        """The fewest videos whose views fill batches: parts of as many, or twice, .. have an evaluation's batches."""
        return self.subject.machine.eval_batch // math.gcd(self.subject.machine.eval_batch, self.views.count)

    def rows(self, store: FrameSource, videos: list[str], done: Done) -> np.ndarray:
        """Sums over views, (videos, width) float64."""
        batches = itertools.count()

        def before_batch() -> None:
            self.model.clock.end()
            done(next(batches) * self.subject.machine.eval_batch // self.views.count)

        clips = clips_of(self.subject, store, videos, self.views, self.size)
        summed, machine = SUMMED[self.subject.method.views.combine], self.subject.machine

        def of_batch(positions: Videos, batch: Tensor) -> Iterator[ClipNumbers]:
            yield ClipNumbers(0, positions, summed(self.model(batch)))

        try:
            with as_in_evaluation(self.subject, self.device):
                return summed_over_views(of_batch, [self.width], clips, machine, self.device, before_batch)[0]
        except BaseException as error:
            clear_frames(error.__traceback__)  # which hold loader processes that do not end as long as they are held
            raise
        finally:
            self.model.clock.end()


@dataclasses.dataclass(frozen=True)
class VideoOutcome:
    """What became of a video."""

    video: str
    numbers: np.ndarray | None  # (width,); None where it could not be read
    defect: str


def computed(known: Known, store: Store, compute: Compute, done: Done = lambda _: None) -> Iterator[VideoOutcome]:
    """Every video's numbers in the order of `known`, whose scans may still be under way; `done` counts all of them."""
    start, most = 0, FIRST * compute.whole
    while start < len(known):
        part = next_part(known, start, most, compute.whole)
        readable = [video for video in part if not video.broken]
        began = time.perf_counter()
        rows = iter(_rows(store(readable), readable, compute, partial(_count, done, start)) if readable else [])
        if readable:
            most = max(compute.whole, int(len(readable) / (time.perf_counter() - began) * SECONDS))
        for video in part:
            yield VideoOutcome(video.video, None, video.defect) if video.broken else next(rows)
        start += len(part)
        done(start)


def _count(done: Done, start: int, further: int) -> None:
    done(start + further)


def next_part(known: Known, start: int, most: int, whole: int) -> list[Scanned]:
    """The next videos whose scans are done, about `most` of them, and of those with frames a multiple of `whole`.

    Waits for as many as that takes; the last part has what is left.
    """
    part: list[Scanned] = []
    readable = 0
    for future in itertools.islice(known, start, None):
        if readable and readable % whole == 0 and (readable >= most or not future.done()):
            break
        part.append(future.result())
        readable += not part[-1].broken
    return part


def _rows(store: FrameSource, videos: Sequence[Scanned], compute: Compute, done: Done) -> list[VideoOutcome]:
    """All together, or each for itself where one of them cannot be read any more."""
    try:
        numbers = compute.rows(store, [video.video for video in videos], done)
    except UserError:  # of a loader process, with its traceback: said again without one
        alone = on_loaders(compute, 0)
    except RuntimeError as error:
        if ENDED not in str(error):
            raise
        alone = on_loaders(compute, 1)
    else:
        return [VideoOutcome(video.video, row, video.defect) for video, row in zip(videos, numbers, strict=True)]
    return [_alone(store, video, alone) for video in videos]


def _alone(store: FrameSource, video: Scanned, compute: Compute) -> VideoOutcome:
    try:
        return VideoOutcome(video.video, compute.rows(store, [video.video], lambda _: None)[0], video.defect)
    except UserError as error:
        return VideoOutcome(video.video, None, str(error))
    except RuntimeError as error:
        if ENDED not in str(error):
            raise
        return VideoOutcome(video.video, None, "the decoder ended when its frames were read")


def on_loaders(compute: Compute, count: int) -> Compute:
    """The same with other processes for clips."""
    machine = compute.subject.machine.model_copy(update={"loader_workers": count})
    return dataclasses.replace(compute, subject=dataclasses.replace(compute.subject, machine=machine))


class Indexes:
    """The frames of files, part by part; for a `with`, because their indexes are files for as long."""

    def __init__(self, resize: Resize) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tcclip-")
        self._resize, self._parts = resize, itertools.count()

    def __enter__(self) -> Store:
        return lambda videos: frames_of(videos, self._resize, Path(self._folder.name) / str(next(self._parts)))

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
