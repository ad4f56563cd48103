"""The training loop: epochs of optimizer steps of micro-batches, validation, selection, and resuming.

A training is a pure function of its job: every clip, order and mix is drawn from a generator named by the seed and the
place where it is used. Stopping and continuing therefore gives the same weights as not stopping, and several processes
(`process.distributed`) that deal out the micro-batches of each step compute the same steps as one, up to rounding of
their sum. The first process alone writes, talks, and holds the weights that are kept.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from typing import Any, NoReturn

from tcclip.evaluation.metrics import accuracy
from tcclip.evaluation.predict import predict
from tcclip.models.prepared import prepared
from tcclip.plan.layout import STATE
from tcclip.process import distributed
from tcclip.process.files import sha256
from tcclip.process.log import log
from tcclip.process.runtime import keep_memory
from tcclip.training import outputs, state, talk
from tcclip.training.batches import load
from tcclip.training.job import TrainingJob
from tcclip.training.mark import mark_of
from tcclip.training.resuming import resume, samples_from, tensors, weights
from tcclip.training.select.selection import Finished
from tcclip.training.setup import Setup, prepare
from tcclip.training.state import Progress, Sums
from tcclip.training.step import optimizer_step

Watch = Callable[[list[dict[str, Any]]], None]


def train(job: TrainingJob, watch: Watch = lambda rows: None) -> str:
    """Train one run and write its folder, continuing from its resume state if there is one; returns a line for the log.

    `watch` gets all rows of history at the start and after every epoch.

    Raises UserError for an empty split, too few videos for one step, a foreign resume state or a loss that is not
    finite.
    """
    with state.alone(job.folder) if distributed.is_main_process() else contextlib.nullcontext():
        return train_alone(job, watch)


def train_alone(job: TrainingJob, watch: Watch) -> str:
    """`train`, when no other process works on the run."""
    started = time.monotonic()
    keep_memory()
    setup = prepare(job)
    path = job.folder / STATE
    mark = mark_of(setup.job, setup.train_videos.videos, sha256(job.backbone / "weights.safetensors"))
    progress = resume(setup, distributed.broadcast_object(lambda: state.load(path, mark, setup.job)))
    before = progress.seconds
    watch(progress.history)

    def write_state() -> None:
        progress.seconds = before + time.monotonic() - started
        if distributed.is_main_process():
            state.save(path, mark, progress, tensors(setup))

    saver = state.Saver(write_state, job.save_seconds)
    with state.stop_requests() as stop:
        try:
            batches = load(setup.clips, samples_from(setup, progress), job.machine.loader_workers, setup.device)
            while progress.epoch < setup.budget.epochs:
                while progress.step < setup.budget.steps_per_epoch:
                    optimizer_step(setup, progress, batches, stop)
                    saver.at_step()
                saver.at_step()
                finish_epoch(setup, progress, before + time.monotonic() - started, stop)
                watch(progress.history)
                saver.at_step()
        except state.StoppedError as stopped:
            saver.now()
            end_as_asked(progress, stopped.number)
        except distributed.LostError:
            saver.now()
            raise
    progress.seconds = before + time.monotonic() - started
    if distributed.is_main_process():
        if job.keep_state:
            write_state()
        outputs.write(setup, progress)
        if not job.keep_state:
            path.unlink(missing_ok=True)
    return talk.result_line(progress)


def finish_epoch(setup: Setup, progress: Progress, seconds: float, stop: Callable[[], None]) -> None:
    """Validate if it is due, hold what the selection needs, add a row of history, and go to the next epoch."""
    epoch, sums = progress.epoch, progress.sums
    top1 = validate(setup, stop) if validated(setup.job, epoch) else None
    best = top1 is not None and top1 > progress.best_top1
    if top1 is not None and best:
        progress.best_top1, progress.best_epoch = top1, epoch
    if distributed.is_main_process():
        progress.held = setup.selection.hold(progress.held, Finished(epoch, best, lambda: weights(setup)))
    row = {
        "epoch": epoch,
        "step": (epoch + 1) * setup.budget.steps_per_epoch,
        "lr": sums.rate,
        "loss": sums.loss / (setup.budget.steps_per_epoch * setup.budget.accumulation),
        "train_top1": 100 * sums.correct / sums.videos,
        "val_top1": top1,
        "seconds": round(sums.seconds, 3),
        "videos_per_s": round(sums.videos / sums.seconds, 2),
        "data_wait_share": round(sums.waited / sums.seconds, 4),
    }
    progress.history.append(row)
    progress.epoch, progress.step, progress.sums = epoch + 1, 0, Sums()
    left = seconds / (epoch + 1) * (setup.budget.epochs - epoch - 1)
    log(talk.progress_line(setup.job.name, row, setup.budget.epochs, left))


def validated(job: TrainingJob, epoch: int) -> bool:
    """Whether an epoch (from 0) ends with validation; the last one also where the selection needs it."""
    epochs = job.protocol.validation.epochs
    needed = job.protocol.select.VALIDATES_LAST and epoch == job.protocol.epochs - 1
    return epochs == "all" or epoch in epochs or needed


def validate(setup: Setup, stop: Callable[[], None]) -> float:
    """Top-1 in percent on the validation split, with the protocol's views of it."""
    job = setup.job
    scores = predict(
        prepared(setup.model, setup.device, job.machine.precision),
        setup.validation,
        job.machine,
        setup.device,
        job.method.views.combine,
        before_batch=stop,
    )
    return accuracy(scores, setup.validation_labels)


def end_as_asked(progress: Progress, number: int) -> NoReturn:
    """End the training after its state is saved, as the signal would have ended the process."""
    log(talk.stopped_line(progress))
    if number == signal.SIGINT and distributed.world_size() == 1:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
