"""The serial loader: run folders into MLflow. Loading again changes nothing; a changed run replaces its old entry."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip import fingerprint, layout, stages
from tcclip.errors import UserError
from tcclip.files import sha256, write_text
from tcclip.plan import Plan, Run
from tcclip.tracking.records import Record, SplitTable, record, run_key
from tcclip.tracking.store import FOLDER, client, experiment, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.entities import Run as Entry

PARAMS_PER_BATCH, POINTS_PER_BATCH = 100, 900  # MLflow takes 100 params and 1000 items at once


def load_runs(plan: Plan) -> str:
    """Load every run of a suite and write reports/<suite>/mlflow.csv (run, MLflow run id); returns one line."""
    suite = plan.suite.name
    folders = {name: layout.run(suite, name) for name in plan.runs}
    absent = [name for name, folder in folders.items() if not (folder / "metrics.json").is_file()]
    if absent:
        makes = f"snakemake --config suite={suite} mlflow"
        raise UserError(f"run {absent[0]} of suite {suite} has no metrics.json: '{makes}' makes what is missing")
    tags = {name: tags_of(plan, run) for name, run in plan.runs.items()}
    connection = client(tracking_uri())

    def read(name: str) -> Record:
        run = plan.runs[name]
        all_tags = {**fingerprints(plan, run), **tags[name]}
        return record(name, folders[name], all_tags, params_of(plan, name), splits_of(plan, run))

    keys = {name: run_key(folders[name], tags[name]) for name in folders}
    ids, account = load(connection, experiment(connection, suite, FOLDER), keys, read)
    write_index(ids, layout.reports(suite) / "mlflow.csv")
    return account


def load(
    connection: MlflowClient, experiment_id: str, keys: Mapping[str, str], read: Callable[[str], Record]
) -> tuple[dict[str, str], str]:
    """Bring an experiment's entries in line with the runs in `keys` (run -> run_key).

    Args:
        read: gives the record of a run; called for new and changed runs only.

    Returns:
        run -> MLflow run id, and a one-line account.
    """
    known = existing(connection, experiment_id)
    ids: dict[str, str] = {}
    new = replaced = 0
    for name, key in keys.items():
        current = [e for e in known.get(name, []) if e.data.tags.get("run_key") == key and e.info.status == "FINISHED"]
        stale = [entry for entry in known.get(name, []) if entry not in current[:1]]
        if current:
            ids[name] = current[0].info.run_id
        else:
            ids[name] = write_run(connection, experiment_id, read(name), key)
            new, replaced = new + (not stale), replaced + bool(stale)
        for entry in stale:
            connection.delete_run(entry.info.run_id)
    return ids, f"{new} new, {replaced} replaced, {len(keys) - new - replaced} unchanged"


def existing(connection: MlflowClient, experiment_id: str) -> dict[str, list[Entry]]:
    """The experiment's entries by the run they show, from the tag `run`."""
    found: dict[str, list[Entry]] = {}
    token: str | None = None
    while True:
        page = connection.search_runs([experiment_id], max_results=1000, page_token=token)
        for entry in page:
            found.setdefault(entry.data.tags.get("run", ""), []).append(entry)
        token = page.token
        if not token:
            return found


def write_run(connection: MlflowClient, experiment_id: str, content: Record, key: str) -> str:
    """One new entry; it counts as loaded when its last step has marked it FINISHED."""
    from mlflow.entities import Metric, Param

    entry = connection.create_run(
        experiment_id, start_time=content.start, run_name=content.name, tags={**content.tags, "run_key": key}
    )
    run_id = str(entry.info.run_id)
    params = [Param(name, value) for name, value in content.params.items()]
    points = [Metric(p.name, p.value, p.time, p.step) for p in content.points]
    for at in range(0, max(len(params), 1), PARAMS_PER_BATCH):
        first = points[:POINTS_PER_BATCH] if at == 0 else []
        connection.log_batch(run_id, params=params[at : at + PARAMS_PER_BATCH], metrics=first)
    for at in range(POINTS_PER_BATCH, len(points), POINTS_PER_BATCH):
        connection.log_batch(run_id, metrics=points[at : at + POINTS_PER_BATCH])
    connection.log_inputs(run_id, datasets=_inputs(content))
    _artifacts(connection, run_id, content)
    connection.set_terminated(run_id, "FINISHED", end_time=content.end)
    return run_id


def tags_of(plan: Plan, run: Run) -> dict[str, str]:
    """What the plan says of a run."""
    known = {
        "suite": plan.suite.name,
        "protocol": run.protocol if run.trained else "untrained",
        "dataset": run.role or "",
        "method": run.method,
        "shots": run.shots,
        "fold": run.fold,
        "seed": run.seed,
        "tables": ",".join(plan.tables_of(run.name)),
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}


def fingerprints(plan: Plan, run: Run) -> dict[str, str]:
    """Code and data hashes of a run that was not trained; a training has written its own to params.yaml."""
    if run.trained:
        return {}
    data = fingerprint.data(file for file in stages.evaluation_inputs(plan, run) if file.is_file())
    return {"code_fingerprint": fingerprint.code(stages.CODE["evaluate"]), "data_fingerprint": data}


def params_of(plan: Plan, name: str) -> dict[str, object]:
    """The params of a run that has no params.yaml of its own, because nothing was trained."""
    run = plan.run(name)
    return {} if run.trained else stages.evaluation_settings(plan, run)


def splits_of(plan: Plan, run: Run) -> list[SplitTable]:
    """The split tables that a run is trained and tested on."""
    found = []
    if run.role:
        name, split = plan.dataset(run.role).name, plan.train_split(run)
        found.append(SplitTable(f"{name} {split}", "train", layout.split(name, split)))
    tested = {(plan.dataset(e.role).name, e.split) for e in plan.evaluations(run.name)}
    return found + [SplitTable(f"{name} {split}", "test", layout.split(name, split)) for name, split in sorted(tested)]


def write_index(ids: Mapping[str, str], path: Path) -> None:
    """A CSV with the columns run, mlflow_run_id."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("run", "mlflow_run_id"), *ids.items()])
    write_text(path, text.getvalue())


def _inputs(content: Record) -> list[DatasetInput]:
    """Split tables as MLflow datasets; the same bytes have the same digest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            Dataset(split.name, sha256(split.path)[:32], "local", json.dumps({"uri": str(split.path)})),
            [InputTag("mlflow.data.context", split.use)],
        )
        for split in content.splits
    ]


def _artifacts(connection: MlflowClient, run_id: str, content: Record) -> None:
    """Copy the small files; weights stay in the run's folder, which the tag `weights` names."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in content.texts.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        for file in _sorted([*Path(scratch).iterdir(), *content.files]):
            connection.log_artifact(run_id, str(file))


def _sorted(files: Sequence[Path]) -> list[Path]:
    return sorted(files, key=lambda file: file.name)
