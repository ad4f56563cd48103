"""What a training tells the person who watches; no part of its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcclip.training.job import TrainingJob

if TYPE_CHECKING:
    from tcclip.training.state import Progress


def skipped_line(split: str, broken: int, missing: int, listed: int) -> str:
    """What is not there of a split."""
    return f"{split}: {broken} broken and {missing} missing of {listed} videos are skipped"


def resumed_line(name: str, progress: Progress, epochs: int) -> str:
    """Where an interrupted training goes on."""
    if progress.epoch == epochs:
        return f"{name}: was finished before: its files are written again"
    return f"{name}: continues after step {progress.step} of epoch {progress.epoch + 1}"


def other_state(path: Path, job: TrainingJob, epoch: int | None, other: Sequence[str], only_code: bool) -> str:
    """Why a resume state, left in `epoch` (from 0), is not gone on with, and the commands that decide."""
    suite = job.tags.get("suite", "mini")
    command = f"tcclip train {job.name}" + ("" if suite == "mini" else f" --suite {suite}")
    going_on = f"`{command} --continue` goes on under today's code, " if only_code else ""
    anew = f"`{command} --restart` trains from the start"
    pipeline = f"TCCLIP_RESTART=1{' or TCCLIP_CONTINUE=1' if only_code else ''} before `snakemake`"
    return (
        f"{path} was left{'' if epoch is None else f' in epoch {epoch + 1}'} by a training with {', '.join(other)}: "
        f"{going_on}{anew}; for all runs of a pipeline put {pipeline}"
    )


def stopped_line(progress: Progress) -> str:
    """Where a training was asked to stop."""
    return f"stopped in epoch {progress.epoch + 1} after step {progress.step}: the same command continues from there"


def result_line(progress: Progress) -> str:
    """What a finished training says."""
    if progress.best_epoch >= 0:
        return f"best validation top-1 {progress.best_top1:.1f} % in epoch {progress.best_epoch + 1}"
    last = progress.history[-1]
    return f"loss {last['loss']:.3f}, top-1 {last['train_top1']:.1f} % of mixed training videos"


def progress_line(name: str, row: dict[str, Any], epochs: int, seconds_left: float) -> str:
    """One line per epoch."""
    validation = "" if row["val_top1"] is None else f"  val {row['val_top1']:5.1f} %"
    minutes, seconds = divmod(round(seconds_left), 60)
    return (
        f"{name}  epoch {row['epoch'] + 1}/{epochs}  loss {row['loss']:.3f}  train {row['train_top1']:5.1f} %"
        f"{validation}  {row['videos_per_s']:.1f} videos/s  "
        f"{row['data_wait_share']:.0%} of the time waiting for clips  {minutes}:{seconds:02d} left"
    )
