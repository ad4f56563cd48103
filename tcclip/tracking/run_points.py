"""The numbers of a run as MLflow's curves and final values, from the files of its folder."""

from __future__ import annotations

import contextlib
import csv
import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcclip.tracking.description import NOT_CURVES
from tcclip.tracking.entry import Point
from tcclip.tracking.system import COLUMNS


def curves(history: Path, start: int, end: int) -> list[Point]:
    """Every numeric column of history.csv over epochs; times are spread by the epochs' share of the training."""
    columns = _columns(history)
    if not columns:
        return []
    epochs = columns["epoch"]
    spent = list(itertools.accumulate(columns.get("seconds", [1.0] * len(epochs))))
    times = [int(start + part / spent[-1] * (end - start)) for part in spent]
    return [
        Point(column, value, time, int(epoch) + 1)
        for column, values in columns.items()
        if column not in NOT_CURVES
        for epoch, value, time in zip(epochs, values, times, strict=True)
        if not math.isnan(value)
    ]


def system(path: Path) -> list[Point]:
    """The samples of the machine over the training's sittings."""
    columns = _columns(path)
    if not columns:
        return []
    return [
        Point(shown, value, int(time), int(sample))
        for column, shown in COLUMNS.items()
        for sample, time, value in zip(columns["sample"], columns["time"], columns[column], strict=True)
        if not math.isnan(value)
    ]


def _columns(path: Path) -> dict[str, list[float]]:
    """The numeric columns of a CSV, NaN where a cell is empty; none if the file is not there or has no lines.

    Not with pandas, whose tables take longer to make than hundreds of such small files to read.
    """
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        names, *lines = [line for line in csv.reader(file) if line] or [[]]
    found = {}
    for name, cells in zip(names, itertools.zip_longest(*lines, fillvalue=""), strict=False):  # the last may be cut
        with contextlib.suppress(ValueError):  # not numeric
            found[name] = [float(cell) if cell else math.nan for cell in cells]
    return found


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
