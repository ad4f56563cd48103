"""Entries that are written straight into a database are those that MLflow's client would have made of the same."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import IntegrityError

from tcclip.tracking import new_entries, store
from tcclip.tracking.entry import EntryContent, Point, SplitTable
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.new_entries import create_all
from tcclip.tracking.table_rows import COLUMNS

KEY = "0123456789abcdef"


@pytest.fixture
def two(template: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders, each with an empty store."""
    for name in ("straight", "called"):
        (tmp_path / name).mkdir()
        shutil.copy(template, tmp_path / name / "mlflow.db")
    return tmp_path / "straight", tmp_path / "called"


def content(folder: Path, name: str) -> EntryContent:
    """An entry with everything that an entry can have, and with the numbers that SQL does not know."""
    for split in ("train", "test"):
        (folder / f"{split}.csv").write_text("video,label\na,0\n")  # the same bytes
    (folder / "metrics.json").write_text("{}")
    curve = [Point("loss", 2.0 - 0.1 * step, 1000 * step, step) for step in (1, 3, 2)]
    odd = [Point("worst", value, 5, 0) for value in (math.inf, -math.inf, math.nan)]
    twice = [Point("top1", 40.0, 5, 0), Point("top1", 40.0, 5, 0), Point("top1", 30.0, 5, 0)]
    return EntryContent(
        name=name,
        params={f"method.p{number}": str(number) for number in range(120)},  # more than MLflow takes at once
        points=[*curve, *odd, *twice],
        tags={"kind": "run", "run": name, "mlflow.source.name": "tcclip train", "mlflow.note.content": "* a\n"},
        start=1_700_000_000_000,
        end=1_700_000_100_000,
        texts={"per_class.csv": "a\n", "confusion/x.html": "<p>é"},
        files=[folder / "metrics.json"],
        splits=[SplitTable("data", use, folder / f"{use}.csv") for use in ("train", "test")],
    )


def load(folder: Path) -> dict[str, str]:
    """Two entries in the store of `folder`: name -> id."""
    connection = client(f"sqlite:///{folder}/mlflow.db")
    experiment = store.experiment(connection, "mini", folder / "mlruns")
    contents = {name: content(folder.parent, name) for name in ("first", "second")}
    return create_all(connection, experiment, contents, dict.fromkeys(contents, KEY))


def everything(folder: Path, ids: dict[str, str]) -> dict[str, list]:
    """All rows about entries by table, and their artifacts, with names for what is drawn by lot."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        tables = {name: database.execute(f"select * from {name}").fetchall() for name in COLUMNS}
    names = {str(folder): "here", **{number: name for name, number in ids.items()}}
    names |= {row[0]: f"dataset {row[2]}" for row in tables["datasets"]}
    names |= {row[0]: f"input of {names[row[4]]}" for row in tables["inputs"]}
    rows = {table: sorted(repr(tuple(_named(c, names) for c in row)) for row in some) for table, some in tables.items()}
    files = sorted(path for path in (folder / "mlruns/mini").rglob("*") if path.is_file())
    return rows | {"files": sorted((_named(str(file), names), file.read_bytes()) for file in files)}


def _named(cell: object, names: dict[str, str]) -> object:
    for lot, name in names.items():
        cell = cell.replace(lot, name) if isinstance(cell, str) else cell
    return cell


def rows_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        return sum(database.execute(f"select count(*) from {name}").fetchone()[0] for name in COLUMNS)


def test_every_row_and_every_file_is_what_mlflow_s_client_makes_of_the_same(two, monkeypatch):
    straight, called = two
    with monkeypatch.context() as patch:
        patch.setattr(new_entries, "create", lambda *_: pytest.fail("this MLflow's tables are not known"))
        found = everything(straight, load(straight))
    monkeypatch.setattr(new_entries, "_known_tables", lambda: None)
    expected = everything(called, load(called))
    assert len(expected["params"]) == 240
    assert len(expected["inputs"]) == 2  # the same bytes under the same name are one dataset
    for part, rows in expected.items():
        assert found[part] == rows, part


def test_another_column_in_one_of_mlflow_s_tables_and_its_client_writes_everything(two, monkeypatch):
    monkeypatch.setattr(new_entries, "COLUMNS", {**COLUMNS, "params": COLUMNS["params"] - {"value"}})
    called = []
    monkeypatch.setattr(new_entries, "create", lambda *arguments: called.append(arguments) or str(len(called)))
    assert load(two[0]) == {"first": "1", "second": "2"}


def test_an_error_in_the_middle_leaves_no_entry(two, monkeypatch):
    straight, _ = two
    monkeypatch.setattr(
        new_entries, "input_rows", lambda *_: {"input_tags": [{"input_uuid": "1", "name": "use", "value": None}]}
    )
    with pytest.raises(IntegrityError):
        load(straight)
    assert rows_in(straight) == 0


def test_a_name_that_mlflow_does_not_take_is_its_own_error(two):
    connection = client(f"sqlite:///{two[0]}/mlflow.db")
    wrong = replace(content(two[0], "first"), params={"two\nlines": "1"})
    with pytest.raises(MlflowException, match="Invalid value"):
        create_all(connection, store.experiment(connection, "mini", two[0]), {"first": wrong}, {"first": KEY})
    assert rows_in(two[0]) == 0
