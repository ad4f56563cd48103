"""The numbers of a run as MLflow's curves and final values, from the files of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tcclip.tracking.description import NOT_CURVES
from tcclip.tracking.entry import Point
from tcclip.tracking.system import COLUMNS


def curves(history: Path, start: int, end: int) -> list[Point]:
    """Every numeric column of history.csv over epochs; times are spread by the epochs' share of the training."""
    if not history.is_file():
        return []
    frame = pd.read_csv(history, float_precision="round_trip")  # as a training that is followed live has told them
    share = (
        frame["seconds"].cumsum() / frame["seconds"].sum() if "seconds" in frame else (frame["epoch"] + 1) / len(frame)
    )
    times = [int(start + part * (end - start)) for part in share]
    return [
        Point(column, float(value), time, int(epoch) + 1)
        for column in frame.select_dtypes("number").columns
        if column not in NOT_CURVES
        for epoch, value, time in zip(frame["epoch"], frame[column], times, strict=True)
        if pd.notna(value)
    ]


def system(path: Path) -> list[Point]:
    """The samples of the machine over the training's sittings."""
    if not path.is_file():
        return []
    frame = pd.read_csv(path, float_precision="round_trip")
    return [
        Point(shown, float(value), int(time), int(sample))
        for column, shown in COLUMNS.items()
        for sample, time, value in zip(frame["sample"], frame["time"], frame[column], strict=True)
        if pd.notna(value)
    ]


def final(
    evaluations: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, str], training: Mapping[str, Any], time: int
) -> list[Point]:
    """The final numbers, accuracies in percent.

    <evaluation>.top1 and .top5, and .coverage, the percentage of listed videos that were found; top1_<dataset> (and
    top1_<dataset>_we, and _last of the last epoch's weights) the mean over its splits; best_* and last_* from
    validation; train_seconds and optimizer_steps.

    Args:
        datasets: evaluation -> the dataset that it is a split of, for those that the means are of.
    """
    values: dict[str, float] = {}
    by_dataset: dict[str, list[float]] = {}
    for name, part in evaluations.items():
        values |= {f"{name}.{metric}": float(part[metric]) for metric in ("top1", "top5") if metric in part}
        if part.get("listed"):
            values[f"{name}.coverage"] = 100 * part["n_videos"] / part["listed"]
        if name in datasets:
            mean = f"top1_{datasets[name]}" + "_we" * part.get("we", False) + "_last" * part.get("last", False)
            by_dataset.setdefault(mean, []).append(float(part["top1"]))
    values |= {name: sum(parts) / len(parts) for name, parts in by_dataset.items()}
    for which in ("best", "last"):
        values |= {
            f"{which}_{key}": float(value) for key, value in training.get(which, {}).items() if value is not None
        }
    values |= {name: float(training[name]) for name in ("seconds", "optimizer_steps") if name in training}
    renamed = {"seconds": "train_seconds"}
    return [Point(renamed.get(name, name), value, time, 0) for name, value in values.items()]
