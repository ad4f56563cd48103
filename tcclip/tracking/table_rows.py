"""An entry as rows of MLflow's tables, as MLflow 3.17's client writes them (a test compares both)."""

from __future__ import annotations

import functools
import math
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tcclip.tracking.entry import EntryContent, Point, milliseconds

if TYPE_CHECKING:
    from mlflow.entities import Dataset, DatasetInput

Row = dict[str, Any]
VALUE = {"key", "value", "run_uuid"}
METRIC = VALUE | {"timestamp", "step", "is_nan"}
COLUMNS = {  # of each table that is filled; rows of one refer to those before it
    "runs": {
        "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
        "end_time", "deleted_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id",
    },
    "tags": VALUE,
    "params": VALUE,
    "metrics": METRIC,
    "latest_metrics": METRIC,
    "datasets": {
        "dataset_uuid", "experiment_id", "name", "digest", "dataset_source_type", "dataset_source", "dataset_schema",
        "dataset_profile",
    },
    "inputs": {"input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"},
    "input_tags": {"input_uuid", "name", "value"},
}  # fmt: skip
LARGEST = 1.7976931348623157e308  # stands for infinity, which SQL does not know


def entry_rows(content: EntryContent, key: str, run_id: str, experiment: int, address: str) -> dict[str, list[Row]]:
    """A finished entry, apart from its datasets.

    Args:
        key: its run_key.
        address: where its artifacts are.
    """
    now = milliseconds()
    run = {
        "run_uuid": run_id,
        "name": content.name,
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": "unknown",
        "status": "FINISHED",
        "start_time": content.start or now,
        "end_time": content.end or now,
        "deleted_time": None,
        "source_version": "",
        "lifecycle_stage": "active",
        "artifact_uri": address,
        "experiment_id": experiment,
    }
    tags = {**content.tags, "run_key": key, "mlflow.runName": content.name}
    points = list(dict.fromkeys(content.points))
    for name in (*tags, *content.params, *{point.name for point in points}):
        _check(name)
    return {
        "runs": [run],
        "tags": [{"key": name, "value": value, "run_uuid": run_id} for name, value in tags.items()],
        "params": [{"key": name, "value": value, "run_uuid": run_id} for name, value in content.params.items()],
        "metrics": [_metric(point, run_id) for point in points],
        "latest_metrics": [_metric(point, run_id) for point in _latest(points)],
    }


def dataset_row(dataset: Dataset, number: str, experiment: int) -> Row:
    """A dataset of an experiment."""
    return {
        "dataset_uuid": number,
        "experiment_id": experiment,
        "name": dataset.name,
        "digest": dataset.digest,
        "dataset_source_type": dataset.source_type,
        "dataset_source": dataset.source,
        "dataset_schema": dataset.schema,
        "dataset_profile": dataset.profile,
    }


def input_rows(one: DatasetInput, dataset: str, run_id: str) -> dict[str, list[Row]]:
    """That an entry has used the dataset with this number, and for what."""
    number = uuid.uuid4().hex
    edge = {
        "input_uuid": number,
        "source_type": "DATASET",
        "source_id": dataset,
        "destination_type": "RUN",
        "destination_id": run_id,
        "step": 0,
    }
    tags = [{"input_uuid": number, "name": tag.key, "value": tag.value} for tag in one.tags]
    return {"inputs": [edge], "input_tags": tags}


def _metric(point: Point, run_id: str) -> Row:
    """A point as SQL has it: neither infinite nor no number."""
    absent = math.isnan(point.value)
    value = 0.0 if absent else max(-LARGEST, min(LARGEST, point.value))
    return {
        "key": point.name,
        "value": value,
        "timestamp": point.time,
        "step": point.step,
        "is_nan": absent,
        "run_uuid": run_id,
    }


def _latest(points: Iterable[Point]) -> Iterable[Point]:
    """The newest point of each curve."""
    found: dict[str, Point] = {}
    for point in points:
        known = found.get(point.name)
        if known is None or (point.step, point.time, point.value) > (known.step, known.time, known.value):
            found[point.name] = point
    return found.values()


@functools.cache
def _check(name: str) -> None:
    """Raise MLflow's own error for a name that it does not take; tags, params and metrics have the same rule."""
    from mlflow.entities import Metric
    from mlflow.utils.validation import _validate_batch_log_data

    _validate_batch_log_data([Metric(name, 0.0, 0, 0)], [], [])
