"""New entries straight into the tables of a database that is opened from here: many in one transaction.

Through MLflow's client an entry is eight calls, each of which reads the entry again and makes an object of every value:
most of a load. What a server is told, and entries that are there already, go through the client (`mlflow_api`), and so
does everything where MLflow's tables have other columns than those that are filled here (`table_rows`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tcclip.tracking.address import is_server
from tcclip.tracking.artifacts import log_artifacts
from tcclip.tracking.entry import EntryContent
from tcclip.tracking.mlflow_api import create, dataset_inputs
from tcclip.tracking.table_rows import COLUMNS, Row, dataset_row, entry_rows, input_rows

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from sqlalchemy import Connection, Table

WAIT_MS = 20_000  # as long as MLflow waits for another process that writes into a sqlite file


def create_all(
    connection: MlflowClient, experiment_id: str, contents: Mapping[str, EntryContent], keys: Mapping[str, str]
) -> dict[str, str]:
    """New entries; in one transaction where the store is a database of the known tables: all of them count, or none.

    Args:
        contents: run -> what its entry shall hold.
        keys: run -> its run_key.

    Returns:
        run -> the id of its entry.
    """
    uri = connection.tracking_uri
    tables = None if is_server(uri) or not contents else _known_tables()
    if tables is None:
        return {name: create(connection, experiment_id, content, keys[name]) for name, content in contents.items()}
    from mlflow.store.db.utils import create_sqlalchemy_engine
    from mlflow.utils.uri import append_to_uri_path

    ids = {name: uuid.uuid4().hex for name in contents}
    place = connection.get_experiment(experiment_id).artifact_location
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    inputs: dict[str, list[DatasetInput]] = {}
    for name, content in contents.items():
        address = append_to_uri_path(place, ids[name], "artifacts")
        for table, some in entry_rows(content, keys[name], ids[name], int(experiment_id), address).items():
            rows[table] += some
        inputs[ids[name]] = dataset_inputs(content)
        log_artifacts(address, uri, content)  # before, so that an entry that counts has them
    engine = create_sqlalchemy_engine(uri)
    try:
        with engine.begin() as database:
            if engine.dialect.name == "sqlite":
                database.exec_driver_sql(f"PRAGMA busy_timeout = {WAIT_MS}")
            _add_inputs(database, tables["datasets"], int(experiment_id), inputs, rows)
            for name, some in rows.items():
                if some:
                    database.execute(tables[name].insert(), some)
    finally:
        engine.dispose()
    return ids


def _known_tables() -> dict[str, Table] | None:
    """MLflow's tables, if they have the columns that are filled here and no other."""
    from mlflow.store.db.base_sql_model import Base
    from mlflow.store.tracking.dbmodels import models  # noqa: F401  it fills Base

    tables = Base.metadata.tables
    found = {name: tables[name] for name in COLUMNS if name in tables and {*tables[name].c.keys()} == COLUMNS[name]}
    return found if len(found) == len(COLUMNS) else None


def _add_inputs(
    database: Connection,
    table: Table,
    experiment: int,
    inputs: Mapping[str, list[DatasetInput]],
    rows: Mapping[str, list[Row]],
) -> None:
    """Add to `rows` the inputs of every entry, and the datasets that the experiment has not yet."""
    columns = table.c
    asked = database.execute(
        table.select()
        .with_only_columns(columns.name, columns.digest, columns.dataset_uuid)
        .where(columns.experiment_id == experiment)
    )
    known = {(name, digest): number for name, digest, number in asked}
    for run_id, some in inputs.items():
        of_run = {(one.dataset.name, one.dataset.digest): one for one in reversed(some)}  # the first of the same bytes
        for same, one in reversed(of_run.items()):
            if same not in known:
                known[same] = uuid.uuid4().hex
                rows["datasets"].append(dataset_row(one.dataset, known[same], experiment))
            for name, more in input_rows(one, known[same], run_id).items():
                rows[name] += more
