"""Two folders of one run, compared: weights and predictions bit by bit, and what they were made from and with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import load_file

from tcclip.params.reader import flat
from tcclip.process.files import read_json
from tcclip.reporting.run_origin import environment_of

NUMBERS = ("top1", "top5", "n_videos")  # of an evaluation, which tables are made of
OF_VIDEO = ("label", "correct1", "correct5")  # columns of predictions that intervals and charts are made of
NOT_THE_RESULTS = ("git.dirty", "finished")  # of environment.json: other on every call


def compare_weights(here: Path, there: Path) -> list[str]:
    """How the weights in file `there` differ from those `here`; nothing if they are bit-identical."""
    ours, theirs = load_file(here), load_file(there)
    if ours.keys() != theirs.keys():
        return [f"weights: {len(ours.keys() ^ theirs.keys())} tensors are only on one side"]
    other = [name for name in ours if ours[name].shape != theirs[name].shape or not ours[name].equal(theirs[name])]
    if not other:
        return []
    same_shape = [name for name in other if ours[name].shape == theirs[name].shape]
    largest = max(
        (float((ours[n].double() - theirs[n].double()).abs().max()) for n in same_shape), default=float("nan")
    )
    return [f"weights: {len(other)} of {len(ours)} tensors differ, by up to {largest:.3g} ({other[0]}, ...)"]


def compare_predictions(here: Path, there: Path) -> tuple[int, list[str]]:
    """The number of evaluations in both folders, and how those `there` differ from those `here`."""
    ours, theirs = ({path.stem: path for path in folder.glob("*.parquet")} for folder in (here, there))
    found = [
        f"predictions {name}: the commit's tables do not ask for it" for name in sorted(ours.keys() - theirs.keys())
    ]
    both = sorted(ours.keys() & theirs.keys())
    found += [] if both or found else ["predictions: there are none, so that nothing can be compared"]
    for name in both:
        found += _compare_tables(name, pd.read_parquet(ours[name]), pd.read_parquet(theirs[name]))
    return len(both), found


def compare_numbers(here: Path, there: Path) -> list[str]:
    """How the accuracies of the evaluations that both run folders have differ: a table shows these, not predictions."""
    ours, theirs = (read_json(folder / "metrics.json")["evaluations"] for folder in (here, there))
    return [
        f"metrics {name}: {number} was {ours[name].get(number)}, is {theirs[name].get(number)}"
        for name in sorted(ours.keys() & theirs.keys())
        for number in NUMBERS
        if ours[name].get(number) != theirs[name].get(number)
    ]


def compare_mappings(kind: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Lines for the leaves that differ between what a run had and what its reproduction has."""
    mine, other = flat(dict(then)), flat(dict(now))
    for key in sorted(mine.keys() | other.keys()):
        if mine.get(key) != other.get(key) and key not in NOT_THE_RESULTS:
            yield f"{kind} {key}: was {mine.get(key)}, is {other.get(key)}"


def compare_environments(here: Path, there: Path) -> list[str]:
    """How the machine and the packages of two run folders differ."""
    return list(compare_mappings("environment", environment_of(here), environment_of(there)))


def _compare_tables(name: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    if list(ours["video"]) != list(theirs["video"]):
        return [f"predictions {name}: other videos"]
    if other_columns := [
        one for one in OF_VIDEO if one in ours and one in theirs and not ours[one].equals(theirs[one])
    ]:
        return [f"predictions {name}: other values of {', '.join(other_columns)}"]
    scores = [np.array(frame["top5_scores"].tolist()) for frame in (ours, theirs)]
    classes = [np.array(frame["top5_classes"].tolist()) for frame in (ours, theirs)]
    if scores[0].shape != scores[1].shape:
        return [f"predictions {name}: {scores[0].shape[1]} and {scores[1].shape[1]} classes"]
    other = (scores[0] != scores[1]).any(axis=1) | (classes[0] != classes[1]).any(axis=1)
    if not other.any():
        return []
    decided = int((classes[0][:, 0] != classes[1][:, 0]).sum())
    largest = float(np.abs(scores[0] - scores[1]).max())
    told = f"{int(other.sum())} of {len(ours)} videos have other scores, by up to {largest:.3g}"
    return [f"predictions {name}: {told}; {decided} another first class"]
