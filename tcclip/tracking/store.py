"""The MLflow store, made once and before any run: one sqlite file at the checkout's root, and the store that
MLFLOW_TRACKING_URI names, if any.

Several processes that open a new database at the same time break each other's schema migration, and several that make
the same experiment can end in different ones, so that the pipeline makes both in a job of its own.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.errors import UserError
from tcclip.params.reader import names
from tcclip.process.files import read_json, write_json
from tcclip.tracking import question
from tcclip.tracking.address import DATABASE, STAMP, is_server, tracking_uri
from tcclip.tracking.entry import EXPERIMENT_TAGS
from tcclip.tracking.mlflow_api import client

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

FOLDER = Path("mlruns")  # artifacts, and the stamp of the store


def create_store(later: bool = False) -> str:
    """Create the sqlite store and every suite's experiment, there and where MLFLOW_TRACKING_URI points.

    A database that exists is brought to this MLflow's schema; runs in it stay. Writes mlruns/store.json: a new
    identity, and every suite's experiment id in the sqlite file. Later stages depend on that file, because the database
    changes whenever somebody looks at it.

    A store that does not answer is a UserError, or with `later` left to the job that loads the runs, so that it stops
    nothing that goes on without it; then the stamp says so, and so does the line that is returned.
    """
    file = f"sqlite:///{DATABASE.absolute()}"
    experiments: dict[str, str] = {}
    away: list[str] = []
    others: list[str] = []
    for uri in dict.fromkeys((file, tracking_uri())):
        if wrong := question.trouble(uri):
            away.append(wrong)
            continue
        with question.telling("nothing but MLflow's view of the runs needs it"):
            found = make(uri, exists=DATABASE.is_file() if uri == file else not is_server(uri))
        experiments = found if uri == file else experiments
        others += [uri] if uri != file else []
    if away and not later:
        raise UserError(f"{'; '.join(away)}: nothing but MLflow's view of the runs needs it")
    stamp = {"id": str(uuid.uuid4()), "database": str(DATABASE), "experiments": experiments, "away": bool(away)}
    write_json(STAMP, stamp)
    made = f"{DATABASE}, experiments {', '.join(experiments)}" if experiments else str(DATABASE)
    return "; ".join([made, *(f"the same at {uri}" for uri in others), *away])


def was_away() -> bool:
    """Whether a store did not answer when it should have been made."""
    return STAMP.is_file() and bool(read_json(STAMP).get("away"))


def make(uri: str, exists: bool) -> dict[str, str]:
    """Bring one store to this MLflow's schema if it `exists`, and give every suite its experiment; suite -> its id."""
    if exists:
        upgrade(uri)
    connection = client(uri)
    return {suite: experiment(connection, suite) for suite in names("suites")}


def upgrade(uri: str) -> None:
    """What `mlflow db upgrade` does; an empty database is left to its first client."""
    client(uri)
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine
    from sqlalchemy import inspect

    engine = create_sqlalchemy_engine(uri)
    if inspect(engine).has_table("experiments"):
        _upgrade_db(engine)
    engine.dispose()


def has_moved(connection: MlflowClient, found: Experiment, suite: str, folder: Path = FOLDER) -> bool:
    """Whether a suite's experiment in a sqlite file keeps its artifacts in the folder of another checkout."""
    location: str = found.artifact_location
    return connection.tracking_uri.startswith("sqlite:") and location != (folder / suite).absolute().as_uri()


def experiment(connection: MlflowClient, suite: str, folder: Path = FOLDER) -> str:
    """The id of a suite's experiment, made if it is absent.

    MLflow keeps artifact locations as absolute paths. When the checkout of a sqlite file has moved, the experiment is
    put away under another name and a new one is made, which the loader fills again from the run folders. Other stores
    may serve several checkouts: there the experiment stays; a server has artifacts of its own.
    """
    location = None if is_server(connection.tracking_uri) else (folder / suite).absolute().as_uri()
    found = connection.get_experiment_by_name(suite)
    if found and found.lifecycle_stage == "active" and not has_moved(connection, found, suite, folder):
        return str(found.experiment_id)
    if found:
        if found.lifecycle_stage != "active":
            connection.restore_experiment(found.experiment_id)
        connection.rename_experiment(found.experiment_id, f"{suite} (until {uuid.uuid4().hex[:8]})")
        connection.delete_experiment(found.experiment_id)
    return str(connection.create_experiment(suite, artifact_location=location, tags=EXPERIMENT_TAGS))
