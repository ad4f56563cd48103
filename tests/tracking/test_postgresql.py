"""Runs and tables of a suite in a PostgreSQL of Debian's packages, opened directly with a password."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hand_made import write_suite
from ports import free_port
from servers import PASSWORD, postgresql, postgresql_programs, process, wait_for

from tcclip.plan import Plan, load_plan
from tcclip.reporting.tables import write_table
from tcclip.tracking import store
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client

pytestmark = pytest.mark.component
ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """A folder with the runs of Table 9a, and MLFLOW_TRACKING_URI with a password."""
    if postgresql_programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    whole = load_plan("mini")
    runs = {name: whole.runs[name] for name in whole.runs_of("table9a")}
    plan = Plan(whole.suite, {"table9a": whole.tables["table9a"]}, {"table9a": whole.cells["table9a"]}, runs)
    write_suite(plan)
    write_table(plan, "table9a")
    with postgresql(tmp_path / "cluster") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield plan


def test_a_suite_in_postgresql_is_loaded_once_and_shown_on_this_machine_alone(project, tmp_path):
    store.create_store()
    store.create_store()  # a store that is there gets this MLflow's schema and keeps its runs
    assert load_runs(project) == "48 new, 0 replaced, 0 unchanged; rows of tables: 4 new, 0 replaced, 0 unchanged"
    assert load_runs(project) == "0 new, 0 replaced, 48 unchanged; rows of tables: 0 new, 0 replaced, 4 unchanged"
    connection = client(tracking_uri())
    experiment = connection.get_experiment_by_name("mini")
    found = connection.search_runs([experiment.experiment_id], max_results=100)
    assert len(found) == 52
    assert {entry.info.status for entry in found} == {"FINISHED"}
    everything = " ".join(str(entry.to_dictionary()) for entry in found) + str(dict(experiment.tags))
    files = [path for path in (tmp_path / "checkout").rglob("*") if path.is_file()]
    assert PASSWORD not in everything + "".join(path.read_text(errors="ignore") for path in files)
    port, log = free_port(), tmp_path / "ui.log"
    command = [sys.executable, "-m", "tcclip.cli.app", "ui", "--port", str(port)]
    with process(command, log, PYTHONPATH=str(ROOT)) as server:
        wait_for(f"http://127.0.0.1:{port}/health", server, log)
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        assert PASSWORD not in " ".join(part for one in family for part in one.cmdline())
        places = [c.laddr.ip for one in family for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert set(places) == {"127.0.0.1"}
    assert PASSWORD not in log.read_text()


def test_the_stores_command_writes_no_password(project, tmp_path):
    given = os.environ["MLFLOW_TRACKING_URI"].replace("tcclip@", f"tcclip:{PASSWORD}@")
    assert PASSWORD in given
    done = subprocess.run(
        [sys.executable, "-m", "tcclip.cli.app", "mlflow-store", "--log", "log.txt"],
        env={**os.environ, "MLFLOW_TRACKING_URI": given, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr + Path("log.txt").read_text()
