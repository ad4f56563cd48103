"""Resume state: everything a training needs to continue as if it had never stopped.

Clips, orders and mixing are functions of (seed, epoch, video or iteration), so no random or sampler state has to be
kept. Weights change only at the end of an optimizer step, so what was begun of one can be dropped and a state written
at any moment. The file is no declared output of the pipeline, because a failed job's outputs are deleted; it goes when
the training is done.
"""

from __future__ import annotations

import contextlib
import errno
import pickle
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.process import distributed, lock
from tcclip.process.files import atomic
from tcclip.process.runtime import STOPS
from tcclip.process.unfinished import abandoned
from tcclip.training import talk
from tcclip.training.job import TrainingJob
from tcclip.training.mark import Mark, differences, only_code_differs

OVERHEAD = 0.02  # share of the time that saving inside an epoch may take
TENSORS = {"weights", "optimizer", "scaler"}  # parts of a state beside its mark and its progress
OTHER_FORM = "a state in the form of another version of the program"


@dataclass
class Sums:
    """What the optimizer steps of the current epoch add up to."""

    loss: float = 0.0  # over micro-iterations
    correct: int = 0
    videos: int = 0
    seconds: float = 0.0
    waited: float = 0.0  # seconds in which the model waited for clips
    rate: float = 0.0  # learning rate of the latest step


@dataclass
class Progress:
    """Where a training is: `step` optimizer steps of `epoch` (from 0) are done."""

    epoch: int = 0
    step: int = 0
    sums: Sums = field(default_factory=Sums)
    history: list[dict[str, Any]] = field(default_factory=list)  # one row per finished epoch
    best_top1: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0  # wall time of all sittings
    held: dict[str, Tensor] = field(default_factory=dict)  # by the selection, for the weights that are kept
    continued: list[dict[str, Any]] = field(default_factory=list)  # where it went on under other code


def save(path: Path, mark: Mark, progress: Progress, tensors: dict[str, Any]) -> None:
    """Write the state atomically; `tensors` holds the weights and the optimizer's and scaler's states."""
    plain = {**vars(progress), "sums": vars(progress.sums)}
    with atomic(path) as part, open(part, "wb") as file:
        try:
            torch.save({"mark": mark.as_text(), "progress": plain, **tensors}, file)
        except RuntimeError as error:  # torch ends its file on the way out too, which hides why it could not be written
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load(path: Path, mark: Mark, job: TrainingJob) -> tuple[Progress, dict[str, Any]] | None:
    """The state of this training, or None if there is none.

    A state of other params, data or code, or of another version of the program, is an error that says what differs,
    unless the job may begin anew (None), or go on across code; then the progress says where it did. One of a training
    that was finished, and kept for an evaluation that never succeeded, is no error either: nothing was under way.
    """
    for part in abandoned(path):  # of a process that was killed while saving
        part.unlink(missing_ok=True)
    if not path.is_file():
        return None
    content = _read(path)
    if content is None and not job.restart:
        raise UserError(f"{path} cannot be read as a resume state: rm '{path}' and train again")
    if content is None:
        path.unlink()
        return None
    before, found = _mark_of(content), _progress_of(content)
    other = ["params, data and code that it does not name"] if before is None else differences(before, mark)
    only_code = found is not None and before is not None and only_code_differs(before, mark)
    if found is None:
        other.append(OTHER_FORM)
    elif not other:
        return found, content
    elif before is not None and only_code and job.across_code:
        found.continued.append({"epoch": found.epoch, "step": found.step, "code_before": before.code_fingerprint})
        return found, content
    if job.restart or (found is not None and before is not None and _finished(found, before)):
        path.unlink()
        return None
    raise UserError(talk.other_state(path, job, _epoch_of(content), other, only_code))


def _finished(progress: Progress, mark: Mark) -> bool:
    return progress.epoch == mark.settings.get("protocol.epochs")


def _read(path: Path) -> dict[str, Any] | None:
    """What a state file of any version holds; None for what is none, or has other bytes than were written."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True) if _is_whole(path) else None
    except (RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError, pickle.UnpicklingError):
        return None
    return content if isinstance(content, dict) and "progress" in content else None


def _is_whole(path: Path) -> bool:
    """Whether the file is a zip whose parts have their checksums, which torch writes and does not look at.

    It is read once more for this, half a second for a GB. Parts that are not plain files, stored as they are, are not
    torch's: it would take a folder's memory for a weight as it happens to be.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            plain = all((of.compress_type, of.external_attr) == (zipfile.ZIP_STORED, 0) for of in parts.infolist())
            return plain and parts.testzip() is None
    except (RuntimeError, EOFError, ValueError, zipfile.BadZipFile):
        return False
    except OSError as error:
        if error.errno == errno.EINVAL:  # the table of its parts names a place before the file's first byte
            return False
        raise


def _mark_of(content: dict[str, Any]) -> Mark | None:
    """The mark of a state; None where it has none, or one of another version."""
    try:
        mark = Mark.of_text(content["mark"])
    except (KeyError, TypeError, ValueError):
        return None
    return mark if isinstance(mark.settings, dict) and isinstance(mark.code, dict) else None


def _progress_of(content: dict[str, Any]) -> Progress | None:
    """The progress of a state whose form is today's, to the key; what is missing or unknown would be lost."""
    progress = content["progress"]
    sums = progress.get("sums") if isinstance(progress, dict) else None
    today = vars(Progress()).keys(), vars(Sums()).keys()
    if not isinstance(sums, dict) or (progress.keys(), sums.keys()) != today or not content.keys() >= TENSORS:
        return None
    return Progress(**{**progress, "sums": Sums(**sums)})


def _epoch_of(content: dict[str, Any]) -> int | None:
    """The epoch (from 0) in which a state of any version was left, if it says so."""
    progress = content["progress"]
    epoch = progress.get("epoch") if isinstance(progress, dict) else None
    return epoch if isinstance(epoch, int) else None


class Saver:
    """Decides when to save: at most every `seconds`, and inside an epoch at a small share of the time."""

    def __init__(self, write: Callable[[], None], seconds: float) -> None:
        self._write = write
        self._seconds = seconds
        self._cost = 0.0
        self._last = time.monotonic()

    def at_step(self) -> None:
        """After an optimizer step, and before and after the validation of an epoch."""
        self._save_after(max(self._seconds, self._cost / OVERHEAD))

    def now(self) -> None:
        """When the training is asked to stop."""
        self._save_after(0.0)

    def _save_after(self, seconds: float) -> None:
        start = time.monotonic()
        if start - self._last >= seconds:
            self._write()
            self._last = time.monotonic()
            self._cost = self._last - start


def alone(folder: Path) -> AbstractContextManager[None]:
    """Hold a run's folder; a second training of the same run is a UserError. The lock ends with the process."""
    busy = f"another process trains run {folder.name}: wait for it or stop it, then run the command again ({{holder}})"
    return lock.alone(folder / ".lock", busy)


class StoppedError(Exception):
    """A signal asked this training, or another process of it, to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], None]]:
    """Give a function that raises StoppedError in all processes if one of them got a signal that asks to stop.

    Signals may come more than once: a cluster sends them to every process of a job, and torchrun forwards its own. Only
    a second Ctrl-C of a training without other processes is a person who does not want to wait.
    """
    received: list[int] = []

    def receive(number: int, _frame: FrameType | None) -> None:
        if signal.SIGINT == number in received and distributed.world_size() == 1:
            raise KeyboardInterrupt
        received.append(number)

    def check() -> None:
        if number := distributed.all_reduce_max(received[0] if received else 0):
            raise StoppedError(number)

    before = {number: signal.signal(number, receive) for number in STOPS}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
