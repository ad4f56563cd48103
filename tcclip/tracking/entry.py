"""What one entry of MLflow holds, and how much of it MLflow takes at once. An entry shows a run or a row of a table.

Two ways lead to MLflow, and both use these: the mlflow library (`mlflow_api`), which alone opens database files, and
its REST interface (`rest`), which a running training can afford. Imports neither mlflow nor pandas.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # else the UI opens on traces, not on runs
PARAMS_PER_BATCH, POINTS_PER_BATCH = 100, 900  # MLflow takes 100 params and 1000 items at once; tags are items


def milliseconds() -> int:
    """The time as MLflow counts it, since 1970."""
    return int(1000 * time.time())


class Point(NamedTuple):
    """One value of a curve."""

    name: str
    value: float
    time: int  # milliseconds since 1970
    step: int  # an epoch or a sample, counted from 1; 0 for a final number


@dataclass(frozen=True)
class SplitTable:
    """A split table (video, label) that a run was trained or tested on."""

    name: str
    use: str  # train or test
    path: Path


@dataclass(frozen=True)
class EntryContent:
    """Everything that an entry shall hold."""

    name: str
    params: dict[str, str]
    points: list[Point]  # curves and final numbers
    tags: dict[str, str]
    start: int  # milliseconds since 1970
    end: int
    texts: dict[str, str]  # artifact path -> content
    files: list[Path]  # artifacts copied as they are
    splits: list[SplitTable]


def batches(params: Mapping[str, str], points: Sequence[Point]) -> Iterator[tuple[dict[str, str], Sequence[Point]]]:
    """Params and points in pieces that MLflow takes at once; one empty piece where there are none."""
    items = list(params.items())
    count = max(1, -(-len(items) // PARAMS_PER_BATCH), -(-len(points) // POINTS_PER_BATCH))
    for number in range(count):
        some = items[number * PARAMS_PER_BATCH : (number + 1) * PARAMS_PER_BATCH]
        yield dict(some), points[number * POINTS_PER_BATCH : (number + 1) * POINTS_PER_BATCH]
