"""A password in MLflow's address appears nowhere: not in errors, logs, command lines, params, tags or files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ports import free_port
from servers import PASSWORD

from tcclip.errors import UserError
from tcclip.provenance.run_today import mlflow_link
from tcclip.tracking.address import credentials, shown, tracking_uri

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "clean", "variables"),
    [
        (
            f"http://ann:{PASSWORD}@mlflow.example:5000/base",
            "http://mlflow.example:5000/base",
            {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": PASSWORD},
        ),
        (f"postgresql://ann:{PASSWORD}@db:5432/runs", "postgresql://ann@db:5432/runs", {"PGPASSWORD": PASSWORD}),
        ("postgresql+psycopg2://ann:a%40b@db/runs", "postgresql+psycopg2://ann@db/runs", {"PGPASSWORD": "a@b"}),
        (
            f"postgresql://db/runs?user=ann&password={PASSWORD}",
            "postgresql://db/runs?user=ann",
            {"PGPASSWORD": PASSWORD},
        ),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000", {}),
    ],
)
def test_a_password_moves_from_the_address_to_the_variable_of_its_client(given, clean, variables, monkeypatch):
    environment = {"MLFLOW_TRACKING_URI": given}
    assert credentials(environment) == {"MLFLOW_TRACKING_URI": clean, **variables}
    assert environment == {"MLFLOW_TRACKING_URI": given}  # whoever opens the store says so
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert tracking_uri() == shown() == clean


def test_an_address_whose_password_cannot_be_hidden_is_refused_without_saying_it(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"mysql://ann:{PASSWORD}@db/runs")
    with pytest.raises(UserError, match=r"mysql://.*use a PostgreSQL database") as error:
        tracking_uri()
    assert PASSWORD not in str(error.value)


def test_the_address_of_a_run_in_mlflow_has_no_password(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ann:{PASSWORD}@127.0.0.1:5000/")
    index = tmp_path / "mlruns/mini.csv"
    index.parent.mkdir(parents=True)
    index.write_text("run,mlflow_run_id,mlflow_experiment_id\na_run,0123,4\n")
    assert mlflow_link("mini", "a_run") == "http://127.0.0.1:5000/#/experiments/4/runs/0123"


@pytest.mark.parametrize("command", [("mlflow-store",), ("mlflow",), ("ui", "--port", "5999")])
@pytest.mark.parametrize("scheme", ["http", pytest.param("postgresql", marks=pytest.mark.slow)])  # tries for minutes
def test_no_command_that_fails_to_connect_says_the_password(command, scheme, tmp_path):
    if (command[0], scheme) == ("ui", "postgresql"):
        pytest.skip("that server tries for minutes; its command line is looked at in test_postgresql.py")
    address = f"{scheme}://ann:{PASSWORD}@127.0.0.1:{free_port()}/runs"
    done = subprocess.run(
        [sys.executable, "-m", "tcclip.cli.app", *command, *(["--log", "log.txt"] if command[0] != "ui" else [])],
        cwd=tmp_path,
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": address,
            "PYTHONPATH": str(ROOT),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_SQLALCHEMYSTORE_MAX_RETRIES": "0",
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 1
    written = "".join(path.read_text(errors="ignore") for path in tmp_path.rglob("*") if path.is_file())
    assert "Error" in done.stdout + written
    assert PASSWORD not in done.stdout + written
