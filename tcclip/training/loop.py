"""The training loop: epochs of optimizer steps of micro-batches, validation, selection, and resuming.

A training is a pure function of its job: every clip, order and mix is drawn from a generator named by the seed and the
place where it is used. Stopping and continuing therefore gives the same weights as not stopping.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import numpy as np
import torch

from tcclip.errors import UserError
from tcclip.evaluation.metrics import accuracy
from tcclip.evaluation.predict import predict
from tcclip.files import sha256
from tcclip.models import class_part
from tcclip.models.text import ClassReaders
from tcclip.rng import generator
from tcclip.runtime import autocast, keep_memory, say
from tcclip.training import outputs, state
from tcclip.training.dataset import Batch, load
from tcclip.training.job import TrainingJob, fingerprint
from tcclip.training.losses import smooth_targets, soft_ce
from tcclip.training.mixing import mix
from tcclip.training.optimizer import set_rates
from tcclip.training.setup import Setup, prepare, resume, samples_from, tensors, weights
from tcclip.training.state import Progress, Sums


def train(job: TrainingJob) -> str:
    """Train one run and write its folder, continuing from its resume state if there is one; returns a line for the log.

    Raises UserError for an empty split, too few videos for one step, a foreign resume state or a loss that is not
    finite.
    """
    with state.alone(job.folder):
        return train_alone(job)


def train_alone(job: TrainingJob) -> str:
    """`train`, when no other process works on the run."""
    started = time.monotonic()
    keep_memory()
    setup = prepare(job)
    path = job.folder / "state.pt"
    mark = fingerprint(job, setup.train_videos.videos, sha256(job.backbone / "weights.safetensors"))
    progress = resume(setup, state.load(path, mark))
    before = progress.seconds

    def write_state() -> None:
        progress.seconds = before + time.monotonic() - started
        state.save(path, mark, progress, tensors(setup))

    saver = state.Saver(write_state, job.save_seconds)
    with state.stop_requests() as stop:
        batches = load(setup.clips, samples_from(setup, progress), job.loader_workers, setup.device)
        while progress.epoch < setup.budget.epochs:
            while progress.step < setup.budget.steps_per_epoch:
                optimizer_step(setup, progress, batches)
                if number := stop():
                    saver.now()
                    stopped(progress, number)
                saver.at_step()
            saver.at_epoch()
            finish_epoch(setup, progress, before + time.monotonic() - started)
            saver.at_epoch()
            if number := stop():
                saver.now()
                stopped(progress, number)
    progress.seconds = before + time.monotonic() - started
    outputs.write(job, setup, progress)
    path.unlink(missing_ok=True)
    return outputs.result_line(progress)


def optimizer_step(setup: Setup, progress: Progress, batches: Iterator[Batch]) -> None:
    """Accumulate the gradients of a step's micro-batches and update the weights."""
    protocol, length, sums = setup.job.protocol, setup.budget, progress.sums
    sums.rate = set_rates(
        setup.optimizer,
        length.iteration_of_rate(progress.epoch, progress.step),
        base=protocol.lr,
        lr_min=protocol.lr_min,
        warmup=length.warmup,
        total=length.total,
    )
    setup.model.train()
    started = time.monotonic()
    losses, correct, videos = [], [], []
    with autocast(setup.device, setup.job.precision):
        classes = setup.model.encode_classes()  # once for all micro-batches, and once back
    shared = class_part.cut(classes)
    for micro in range(length.accumulation):
        asked = time.monotonic()
        batch = next(batches)
        sums.waited += time.monotonic() - asked
        loss, hits = forward(setup, batch, shared, progress.epoch, progress.step * length.accumulation + micro)
        setup.scaler.scale(loss / length.accumulation).backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        correct.append(hits)
        videos.append(batch.videos)
    class_part.backward(classes, shared)
    values = torch.stack(losses).tolist()
    for value, names in zip(values, videos, strict=True):
        if not np.isfinite(value):
            raise UserError(
                f"the loss became {value} in epoch {progress.epoch} on videos {', '.join(names)}: "
                f"look at these videos, or lower lr of protocol '{protocol.name}'"
            )
    setup.scaler.step(setup.optimizer)
    setup.scaler.update()
    setup.optimizer.zero_grad(set_to_none=True)
    sums.loss += sum(values)
    sums.correct += int(torch.stack(correct).sum())
    sums.videos += sum(len(names) for names in videos)
    sums.seconds += time.monotonic() - started
    progress.step += 1


def forward(
    setup: Setup, batch: Batch, classes: ClassReaders, epoch: int, iteration: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of one micro-batch, and how many videos got the class with the largest share of their target."""
    recipe = setup.job.method.recipe
    clips = batch.clips  # (B, T, 3, H, W)
    targets = smooth_targets(batch.labels, len(setup.job.class_names), recipe.label_smoothing)  # (B, C)
    if recipe.mixup:
        clips, targets = mix(clips, targets, recipe.mixup, generator(setup.job.seed, "mix", epoch, iteration))
    draws = setup.model.visual.draw(generator(setup.job.seed, "draws", epoch, iteration), len(clips))
    with autocast(setup.device, setup.job.precision):
        logits = setup.model(clips, classes, None if draws is None else draws.to(setup.device))  # (B, C)
    return soft_ce(logits, targets), (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()


def finish_epoch(setup: Setup, progress: Progress, seconds: float) -> None:
    """Validate if it is due, keep the weights if they are the best, add a row of history, and go to the next epoch."""
    epoch, sums = progress.epoch, progress.sums
    top1 = validate(setup) if validated(setup.job, epoch) else None
    if top1 is not None and top1 > progress.best_top1:
        progress.best_top1, progress.best_epoch = top1, epoch
        progress.best_weights = weights(setup)
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
    say(outputs.progress_line(setup.job.name, row, setup.budget.epochs, left))


def validated(job: TrainingJob, epoch: int) -> bool:
    """Whether an epoch (from 0) ends with validation; the last one does where the best one is to be kept."""
    epochs = job.protocol.validation.epochs
    needed = job.protocol.select == "best" and epoch == job.protocol.epochs - 1
    return epochs == "all" or epoch in epochs or needed


def validate(setup: Setup) -> float:
    """Top-1 in percent on the validation split, one centre view."""
    job = setup.job
    scores = predict(
        setup.model,
        setup.validation,
        classes=len(job.class_names),
        batch=job.eval_batch,
        workers=job.loader_workers,
        device=setup.device,
        precision=job.precision,
    )
    return accuracy(scores, setup.validation_labels)


def stopped(progress: Progress, number: int) -> None:
    """End the training after its state is saved, as the signal would have ended the process."""
    say(f"stopped in epoch {progress.epoch + 1} after step {progress.step}: the same command continues from there")
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
