"""A run's folder as the plain values that MLflow shows. Imports no mlflow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import yaml

from tcclip.data.splits.tables import read_classes
from tcclip.process.files import read_json, sha256
from tcclip.reporting.per_class import confusion
from tcclip.tracking.confusion import as_csv, as_html
from tcclip.tracking.curves import NOT_CURVES, params_shown, training_key
from tcclip.tracking.system import COLUMNS, SYSTEM

KEY_FILES = ("params.yaml", "history.csv", "training.json", "metrics.json", "environment.json", SYSTEM)


@dataclass(frozen=True)
class Point:
    """One value of a curve; `time` in milliseconds since 1970, `step` an epoch counted from 1."""

    name: str
    value: float
    time: int
    step: int


@dataclass(frozen=True)
class SplitTable:
    """A split table (video, label) that a run was trained or tested on."""

    name: str
    use: str  # train or test
    path: Path


@dataclass(frozen=True)
class Record:
    """Everything of one run that goes into MLflow."""

    name: str
    params: dict[str, str]
    points: list[Point]  # curves and final metrics
    tags: dict[str, str]
    start: int  # milliseconds since 1970
    end: int
    texts: dict[str, str]  # artifact path -> content
    files: list[Path]  # artifacts copied as they are
    splits: list[SplitTable]


def run_key(folder: Path, tags: Mapping[str, str]) -> str:
    """Hash of a run's results and of what MLflow tells about them; unchanged means already loaded."""
    digest = hashlib.sha256(json.dumps(dict(tags), sort_keys=True).encode())
    for name in KEY_FILES:
        if (folder / name).is_file():
            digest.update(f"{name} {sha256(folder / name)}\n".encode())
    return digest.hexdigest()[:32]


def record(
    name: str,
    folder: Path,
    tags: Mapping[str, str],
    params: Mapping[str, Any],
    splits: Sequence[SplitTable] = (),
    class_lists: Mapping[str, Path] = MappingProxyType({}),
) -> Record:
    """Read a run's folder.

    Args:
        class_lists: evaluation -> the class list (label, name) its labels are of.
        tags: what the plan knows: suite, protocol, dataset, method, shots, seed, tables, ...
        params: resolved params of a run that was not trained; a trained run has its own in params.yaml.
    """
    training = _json(folder / "training.json")
    metrics = read_json(folder / "metrics.json")
    end = finished(folder)
    start = end - int(1000 * float(training.get("seconds", 0)))
    own = _yaml(folder / "params.yaml")
    weights = folder / "weights.safetensors"
    own_tags: dict[str, str] = {name: own[name] for name in ("code_fingerprint", "data_fingerprint") if name in own}
    own_tags |= {"training": training_key(own)} if own else {}
    if weights.is_file():
        own_tags |= {"weights": str(weights), "weights_sha256": sha256(weights)}
    return Record(
        name=name,
        params=params_shown({**params, **own}),
        points=[
            *curves(folder / "history.csv", start, end),
            *system(folder / SYSTEM),
            *final(metrics["evaluations"], training, end),
        ],
        tags={**tags, **recorded(folder), **own_tags, "run": name},
        start=start,
        end=end,
        texts={"per_class.csv": per_class_csv(metrics["evaluations"]), **confusions(folder, class_lists)},
        files=[folder / file for file in KEY_FILES if (folder / file).is_file()],
        splits=[split for split in splits if split.path.is_file()],
    )


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


def final(evaluations: Mapping[str, Mapping[str, Any]], training: Mapping[str, Any], time: int) -> list[Point]:
    """The final numbers, accuracies in percent.

    <evaluation>.top1 and .top5, and .coverage, the percentage of listed videos that were found; top1_<dataset> (and
    top1_<dataset>_we, and _last of the last epoch's weights) the mean over its splits; best_* and last_* from
    validation; train_seconds and optimizer_steps.
    """
    values: dict[str, float] = {}
    by_dataset: dict[str, list[float]] = {}
    for name, part in evaluations.items():
        values |= {f"{name}.{metric}": float(part[metric]) for metric in ("top1", "top5") if metric in part}
        if part.get("listed"):
            values[f"{name}.coverage"] = 100 * part["n_videos"] / part["listed"]
        dataset = name.split("-")[0] + "_we" * part.get("we", False) + "_last" * part.get("last", False)
        by_dataset.setdefault(f"top1_{dataset}", []).append(float(part["top1"]))
    values |= {name: sum(parts) / len(parts) for name, parts in by_dataset.items()}
    for which in ("best", "last"):
        values |= {
            f"{which}_{key}": float(value) for key, value in training.get(which, {}).items() if value is not None
        }
    values |= {name: float(training[name]) for name in ("seconds", "optimizer_steps") if name in training}
    renamed = {"seconds": "train_seconds"}
    return [Point(renamed.get(name, name), value, time, 0) for name, value in values.items()]


def finished(folder: Path) -> int:
    """When a run was finished, in milliseconds since 1970; files that DVC brought have another time than they had."""
    told = _json(folder / "environment.json").get("finished")
    if told:
        return int(datetime.fromisoformat(told).timestamp() * 1000)
    last = folder / "training.json"
    return int((last if last.is_file() else folder / "metrics.json").stat().st_mtime * 1000)


def recorded(folder: Path) -> dict[str, str]:
    """Git commit, machine and software, as the training (or for an untrained run the evaluation) wrote them."""
    environment = _json(folder / "environment.json")
    git = environment.get("git") or {}
    tags = {"git_commit": git.get("commit"), "git_dirty": git.get("dirty")}
    tags["mlflow.source.git.commit"] = git.get("commit")  # the column Version
    tags |= {name: environment.get(name) for name in ("device", "cpu", "platform", "python", "torch")}
    return {name: str(value) for name, value in tags.items() if value is not None}


def per_class_csv(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """Lines evaluation, class, n_videos, top1 (percent)."""
    lines = [
        {"evaluation": name, "class": label, "n_videos": value["n_videos"], "top1": round(value["top1"], 3)}
        for name, part in evaluations.items()
        for label, value in part.get("per_class", {}).items()
    ]
    return str(pd.DataFrame(lines, columns=["evaluation", "class", "n_videos", "top1"]).to_csv(index=False))


def confusions(folder: Path, class_lists: Mapping[str, Path]) -> dict[str, str]:
    """The confusion matrix of every evaluation whose predictions are there, as a table and as a picture."""
    found: dict[str, str] = {}
    for name, path in class_lists.items():
        predictions = folder / "predictions" / f"{name}.parquet"
        if predictions.is_file():
            names = read_classes(path)
            counts = confusion(pd.read_parquet(predictions, columns=["label", "top5_classes"]), len(names))
            found[f"confusion/{name}.csv"] = as_csv(counts, names)
            found[f"confusion/{name}.html"] = as_html(counts, names, name)
    return found


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _json(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
