"""Entries of an MLflow experiment through the mlflow library: finding, writing, completing and closing them.

For whoever may open a database file and wait for the library: the store, the loader and the user interface.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tcclip.tracking.address import credentials
from tcclip.tracking.artifacts import log_artifacts
from tcclip.tracking.entry import EntryContent, batches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.entities import Run as Entry

# The library tries for many minutes; a store has answered before it is used here (`question`).
SHORT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SQLALCHEMYSTORE_MAX_RETRIES": "2",
}
SILENT_SECONDS = 600.0  # a training of another machine that has said nothing for so long is gone


def client(uri: str) -> MlflowClient:
    """A client that reports nothing home and prints nothing about migrations; `uri` holds no password.

    The password that MLFLOW_TRACKING_URI may have goes into the environment, where the client looks for it.
    """
    os.environ.update(credentials())
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name, value in SHORT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import logging

    from mlflow import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def existing(connection: MlflowClient, experiment_id: str) -> dict[str, list[Entry]]:
    """The experiment's entries by the run they show, from the tag `run`."""
    found: dict[str, list[Entry]] = {}
    for entry in search(connection, experiment_id):
        found.setdefault(entry.data.tags.get("run", ""), []).append(entry)
    return found


def search(connection: MlflowClient, experiment_id: str, condition: str = "") -> list[Entry]:
    """All entries of an experiment that fulfil a condition."""
    found: list[Entry] = []
    token: str | None = None
    while True:
        page = connection.search_runs([experiment_id], condition, max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def create(connection: MlflowClient, experiment_id: str, content: EntryContent, key: str) -> str:
    """One new entry; returns its id. It has its tags from the start, which is a third less of the store's work."""
    tags = {**content.tags, "run_key": key}  # of no use to anyone before FINISHED
    entry = connection.create_run(experiment_id, start_time=content.start, run_name=content.name, tags=tags)
    return _fill(connection, entry, content, {})


def complete(connection: MlflowClient, entry: Entry, content: EntryContent, key: str) -> str:
    """Give an entry everything of `content` that it lacks; its key and FINISHED come last: then it counts."""
    return _fill(connection, entry, content, content.tags, key)


def _fill(
    connection: MlflowClient, entry: Entry, content: EntryContent, tags: Mapping[str, str], key: str | None = None
) -> str:
    """What an entry lacks of `content`, `tags`, a key that it has not yet, and at last FINISHED; returns its id."""
    from mlflow.entities import Metric, Param, RunTag

    run_id = str(entry.info.run_id)
    known = {name: _steps(connection, run_id, name) for name in entry.data.metrics}
    params = {name: value for name, value in content.params.items() if name not in entry.data.params}
    points = [point for point in dict.fromkeys(content.points) if point.step not in known.get(point.name, ())]
    lacking = [RunTag(name, value) for name, value in tags.items()]
    for some_params, some_points in batches(params, points):
        connection.log_batch(
            run_id,
            params=[Param(name, value) for name, value in some_params.items()],
            metrics=[Metric(*point) for point in some_points],
            tags=lacking,
        )
        lacking = []
    if inputs := dataset_inputs(content):
        connection.log_inputs(run_id, datasets=inputs)
    log_artifacts(entry.info.artifact_uri, connection.tracking_uri, content)
    if key:
        connection.set_tag(run_id, "run_key", key)
    connection.set_terminated(run_id, "FINISHED", end_time=content.end)
    return run_id


def agrees(entry: Entry, content: EntryContent) -> bool:
    """Whether an entry is of a training that was followed live, and `content` is how that training ended."""
    live = "run_key" not in entry.data.tags and "training" in content.tags
    same = entry.data.tags.get("training") == content.tags.get("training")
    params = all(content.params.get(name, value) == value for name, value in entry.data.params.items())
    values: dict[str, set[float]] = {}
    for point in content.points:
        values.setdefault(point.name, set()).add(point.value)
    # The newest point that the entry has may be of any epoch, because the server may have missed those that follow.
    curves = all(value in values.get(name, ()) for name, value in entry.data.metrics.items())
    return live and same and params and curves


def close_abandoned(connection: MlflowClient, experiment_id: str) -> int:
    """Mark as KILLED what says that it runs although its process is gone; returns how many."""
    left = [e for e in search(connection, experiment_id, "attributes.status = 'RUNNING'") if is_gone(e.data.tags)]
    for entry in left:
        last = int(entry.data.tags.get("heartbeat", 0))
        connection.set_terminated(entry.info.run_id, "KILLED", end_time=last or None)
    return len(left)


def is_gone(tags: dict[str, str]) -> bool:
    """Whether the process that made an entry has ended: seen on its own machine, elsewhere from its silence."""
    if "process" not in tags:
        return True  # of a loader, and loaders take turns
    if tags.get("host") == platform.node():
        number, _, born = tags["process"].partition("@")
        try:
            process = psutil.Process(int(number))
            return process.status() == psutil.STATUS_ZOMBIE or f"{process.create_time():.0f}" != born
        except psutil.NoSuchProcess:
            return True
    return time.time() - int(tags.get("heartbeat", 0)) / 1000 > SILENT_SECONDS


def _steps(connection: MlflowClient, run_id: str, metric: str) -> set[int]:
    return {point.step for point in connection.get_metric_history(run_id, metric)}


def dataset_inputs(content: EntryContent) -> list[DatasetInput]:
    """Split tables as MLflow datasets; the same bytes have the same digest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    found = []
    for split in content.splits:
        digest, lines = _read(split.path, split.path.stat().st_mtime_ns)
        source, profile = json.dumps({"uri": str(split.path)}), json.dumps({"num_rows": lines - 1})
        dataset = Dataset(split.name, digest, "local", source, profile=profile)
        found.append(DatasetInput(dataset, [InputTag("mlflow.data.context", split.use)]))
    return found


@functools.cache
def _read(path: Path, _written: int) -> tuple[str, int]:
    """Digest and lines of a split table, which hundreds of runs share."""
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest()[:32], len(content.splitlines())
