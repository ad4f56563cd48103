"""What clips become in a prediction, timed: class texts are made once for the many parts of a long list of files."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.errors import UserError
from tcclip.evaluation.subject import Subject
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared
from tcclip.params.method import CombinedViews
from tcclip.params.suite import Machine
from tcclip.prediction.arguments import checked_text
from tcclip.process.gpu import check_shown
from tcclip.process.runtime import autocast, check_precision, pick_device, pick_precision


class Clock:
    """How long there has been a model, and in how much of that it computed.

    It computes from a batch's beginning until the next one is asked for; in the rest it waits for clips.
    """

    def __init__(self) -> None:
        """Starts when the model is ready."""
        self._start = self._last = time.perf_counter()
        self._since: float | None = None
        self.computing = 0.0  # seconds

    def begin(self) -> None:
        """The model has a batch."""
        self._since = time.perf_counter()

    def end(self) -> None:
        """Its numbers are there."""
        self._last = time.perf_counter()
        if self._since is not None:
            self.computing += self._last - self._since
            self._since = None

    @property
    def seconds(self) -> float:
        """From the start to the last numbers."""
        return self._last - self._start

    @property
    def waiting(self) -> float:
        """The share of the seconds in which the model had no clips, from 0 to 1."""
        return 1 - self.computing / self.seconds if self.computing else 0.0


@dataclasses.dataclass(frozen=True)
class Computer:
    """What becomes of clips, timed."""

    of_clips: Callable[[Tensor], Tensor]  # (B, T, 3, H, W) -> (B, width)
    clock: Clock = dataclasses.field(default_factory=Clock)

    def __call__(self, clips: Tensor) -> Tensor:
        """What `of_clips` gives."""
        self.clock.begin()
        return self.of_clips(clips)


def for_scores(model: ClipVideo, subject: Subject, device: torch.device) -> Computer:
    """Logits (B, C) of `model`, which is on `device`; makes the texts of its classes, in the subject's precision."""
    model = prepared(model.eval(), device, subject.machine.precision)
    precision = autocast(device, subject.machine.precision)
    with as_in_evaluation(subject, device), torch.inference_mode(), precision:
        texts = model.finished(model.encode_classes())
    return Computer(partial(model, classes=texts))


def for_features(model: ClipVideo, subject: Subject, device: torch.device) -> Computer:
    """Features (B, E) of length 1, or the mean of frames' where the score reads frames; needs no texts."""
    model = prepared(model.eval(), device, subject.machine.precision)

    def of_clips(clips: Tensor) -> Tensor:
        found = F.normalize(model.pooled(model.encode_video(clips)).float(), dim=-1)
        return found if found.dim() == 2 else found.mean(dim=1)

    return Computer(of_clips)


def summed(subject: Subject) -> Subject:
    """The subject for features, which are summed over views as they are."""
    method = subject.method.model_copy(update={"views": CombinedViews(combine="logits")})
    return dataclasses.replace(subject, method=method)


def on_this_machine(subject: Subject, precision: str | None = None) -> tuple[Subject, torch.device]:
    """The subject with the threads and loader processes that this machine has, at least one; and the device.

    With as many cores as the suite asks threads for, they are the evaluations'. Device auto is a GPU for suites that
    use one, if there is one that works. precision: auto, fp32, bf16, fp16; None: as the subject is evaluated.
    """
    if precision is not None:
        check_precision(checked_text(precision, "precision", "bf16"))
    device = chosen_device("cpu" if subject.device == "auto" and subject.machine.gpus == 0 else subject.device)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = min(subject.machine.threads, cores)
    beside = cores - (threads if device.type == "cpu" else 1)
    asked, inference = precision or subject.machine.precision, precision is not None
    machine = subject.machine.at(pick_precision(asked, device, inference)).model_copy(
        update={"threads": threads, "loader_workers": max(1, min(subject.machine.loader_workers, beside))}
    )
    return dataclasses.replace(subject, machine=machine), device


def chosen_device(name: str) -> torch.device:
    """The device that a person names; UserError where it is none, or not there."""
    if checked_text(name, "device", "cpu") == "auto":
        return pick_device(name)
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise UserError(f"the device must be cpu, cuda (of several GPUs cuda:1, ...) or auto (got '{name}')")
    if kind == "cuda":
        check_shown(int(number or 0) + 1, "device cpu needs none (--device cpu)")
    return pick_device(name)


@contextlib.contextmanager
def as_in_evaluation(subject: Subject, device: torch.device) -> Iterator[None]:
    """Compute as an evaluation does, and leave torch's settings to the program around it as they were.

    The debug mode is what `process.runtime.deterministic` sets, without the seconds in which that imports a compiler.
    """
    on_gpu = device.type == "cuda"
    filling: Any = torch.utils.deterministic
    threads, mode, fills = (
        torch.get_num_threads(),
        torch.get_deterministic_debug_mode(),
        filling.fill_uninitialized_memory,
    )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng([device] if on_gpu else []):
        torch.set_num_threads(subject.machine.threads)
        torch.set_deterministic_debug_mode("warn" if on_gpu else "error")
        filling.fill_uninitialized_memory = False
        torch.manual_seed(subject.seed)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_deterministic_debug_mode(mode)
            filling.fill_uninitialized_memory = fills


def scan_processes(machine: Machine) -> int:
    """Processes that scan files, beside those that load clips."""
    return max(1, machine.loader_workers // 2)
