"""The MLflow store that is made once, and the user interface that opens it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tracked_runs import entries, small_plan

from tcclip.errors import UserError
from tcclip.params.reader import names
from tcclip.tracking import store
from tcclip.tracking.address import VARIABLE, tracking_uri
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.ui import experiments, open_ui


def test_what_was_made_is_told_of_the_file_and_of_the_store_that_is_asked_for(here, monkeypatch):
    made = f"mlflow.db, experiments {', '.join(names('suites'))}"
    assert store.create_store() == made
    other = f"sqlite:///{here}/other.db"
    monkeypatch.setenv(VARIABLE, other)
    assert store.create_store() == f"{made}; the same at {other}"


def test_making_the_store_again_keeps_its_runs_and_gives_it_a_new_stamp(here):
    load_runs(small_plan())
    store.create_store()
    first = json.loads(Path("mlruns/store.json").read_text())
    store.create_store()
    second = json.loads(Path("mlruns/store.json").read_text())
    assert first["id"] != second["id"]
    assert first["experiments"] == second["experiments"]
    assert len(entries()) == 2


def test_a_moved_checkout_gets_its_artifacts_beside_it_again(here):
    load_runs(small_plan())
    moved = here / "moved"
    moved.mkdir()
    shutil.copy("mlflow.db", moved)
    connection = client(f"sqlite:///{moved}/mlflow.db")
    before = connection.get_experiment_by_name("mini")
    after = connection.get_experiment(store.experiment(connection, "mini", moved / "mlruns"))
    assert after.experiment_id != before.experiment_id
    assert after.artifact_location == (moved / "mlruns" / "mini").as_uri()
    assert store.experiment(connection, "mini", moved / "mlruns") == after.experiment_id


def test_the_tracking_uri_of_the_environment_is_honoured(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert tracking_uri() == "http://mlflow.example:5000"
    with pytest.raises(UserError, match="open that address in a browser"):
        open_ui()


def test_the_ui_without_a_store_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"there is no mlflow.db yet: make tables"):
        open_ui()


def test_the_ui_names_suites_that_have_runs_and_no_other(here):
    uri = f"sqlite:///{here}/mlflow.db"
    assert experiments(uri) == {}
    load_runs(small_plan())
    assert list(experiments(uri)) == ["mini"]
