"""The MLflow store: one sqlite file at the checkout's root, made once and before any run.

Several processes that open a new sqlite store at the same time break each other's schema migration, so that the
pipeline makes it in a job of its own.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.files import write_json
from tcclip.params.reader import names

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = Path("mlflow.db")
KIND = {"mlflow.experimentKind": "custom_model_development"}  # the UI opens on runs, not on traces of language models
FOLDER = Path("mlruns")  # artifacts, and the stamp of the store


def tracking_uri(database: Path = DATABASE) -> str:
    """MLFLOW_TRACKING_URI if it is set, otherwise the sqlite file (absolute: one address is one connection)."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{database.absolute()}"


def client(uri: str) -> MlflowClient:
    """A client that reports nothing home and prints nothing about migrations."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import logging

    from mlflow import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def create_store(database: Path = DATABASE, folder: Path = FOLDER) -> str:
    """Create the sqlite store, or bring an existing one to this MLflow's schema; runs in it stay.

    Writes `folder`/store.json: a new identity, and every suite's experiment id. Later stages depend on that file,
    because the database changes whenever somebody looks at it.
    """
    uri = f"sqlite:///{database.absolute()}"
    if database.is_file():
        upgrade(uri)
    connection = client(uri)
    ids = {suite: experiment(connection, suite, folder) for suite in names("suites")}
    write_json(folder / "store.json", {"id": str(uuid.uuid4()), "database": str(database), "experiments": ids})
    return f"{database}, experiments {', '.join(ids)}"


def upgrade(uri: str) -> None:
    """What `mlflow db upgrade` does."""
    client(uri)
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(uri)
    _upgrade_db(engine)
    engine.dispose()


def experiment(connection: MlflowClient, suite: str, folder: Path = FOLDER) -> str:
    """The id of a suite's experiment, made if it is absent.

    MLflow keeps artifact locations as absolute paths. When the checkout has moved, the experiment is put away under
    another name and a new one is made, which the loader fills again from the run folders.
    """
    local = connection.tracking_uri.startswith("sqlite:")
    location = (folder / suite).absolute().as_uri() if local else None
    found = connection.get_experiment_by_name(suite)
    if found and found.lifecycle_stage == "active" and location in (None, found.artifact_location):
        return str(found.experiment_id)
    if found:
        if found.lifecycle_stage != "active":
            connection.restore_experiment(found.experiment_id)
        connection.rename_experiment(found.experiment_id, f"{suite} (until {uuid.uuid4().hex[:8]})")
        connection.delete_experiment(found.experiment_id)
    return str(connection.create_experiment(suite, artifact_location=location, tags=KIND))
