"""Trainings that a real MLflow server follows: nothing is lost, nothing is told twice, nobody runs who is gone."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from hand_made import write_suite
from servers import mlflow_server, postgresql, postgresql_programs
from tiny_world import make_world, training_job

from tcclip.plan import Plan, load_plan
from tcclip.stages.train import train_watched
from tcclip.tracking.description import tags_of
from tcclip.tracking.live import FAREWELL_SECONDS, watched
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client, close_abandoned
from tcclip.training import train
from tcclip.training.job import resolved_params

pytestmark = pytest.mark.component
JOBS, EPOCHS = 32, 20
ROOT = Path(__file__).parents[2]
CURVES = ("loss", "train_top1", "val_top1", "lr")


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout whose trainings these are."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sqlite")
    with mlflow_server(folder, f"sqlite:///{folder}/server.db") as address:
        yield address


@pytest.fixture(scope="module")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if postgresql_programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("postgresql")
    with postgresql(folder / "cluster") as database, mlflow_server(folder, database) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    address = str(request.getfixturevalue(f"{request.param}_server"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def entries(address: str, suite: str, condition: str = "") -> list[Any]:
    connection = client(address)
    experiment = connection.get_experiment_by_name(suite)
    return list(connection.search_runs([experiment.experiment_id], condition)) if experiment else []


def curve(address: str, entry: Any, name: str) -> list[tuple[int, float]]:
    points = client(address).get_metric_history(entry.info.run_id, name)
    return sorted((point.step, point.value) for point in points)


def expected(folder: Path, name: str) -> list[tuple[int, float]]:
    history = pd.read_csv(folder / "history.csv", float_precision="round_trip").dropna(subset=[name])
    return [(int(epoch) + 1, float(value)) for epoch, value in zip(history["epoch"], history[name], strict=True)]


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)


def one_job(folder: Path, number: int, suite: str) -> None:
    """What a training tells, epoch by epoch."""
    params = {"run": folder.name, "suite": suite, "seed": number, "protocol": {"lr": 0.1 * number}}
    with watched(folder, params, {"suite": suite}, 0.3) as watch:
        rows = [{"epoch": e, "step": e, "loss": number + e / 100, "val_top1": None} for e in range(EPOCHS)]
        for epoch in range(EPOCHS + 1):
            watch(rows[:epoch])
            time.sleep(0.02)


def test_32_jobs_at_once_lose_nothing(server, tmp_path):
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=one_job, args=(tmp_path / f"run{n:02d}", n, "at_once")) for n in range(JOBS)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    until(lambda: len(entries(server, "at_once", "attributes.status = 'FINISHED'")) == JOBS, 240)
    found = {entry.info.run_name: entry for entry in entries(server, "at_once")}
    assert sorted(found) == [f"run{n:02d}" for n in range(JOBS)]
    for number in range(JOBS):
        entry = found[f"run{number:02d}"]
        assert curve(server, entry, "loss") == [(e + 1, number + e / 100) for e in range(EPOCHS)]
        assert entry.data.params["protocol.lr"] == str(0.1 * number)
        samples = pd.read_csv(tmp_path / f"run{number:02d}" / "system.csv", float_precision="round_trip")
        memory = curve(server, entry, "system/process_memory_megabytes")
        assert memory == list(zip(samples["sample"], samples["memory_mb"], strict=True))


SCRIPT = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tiny_world import training_job
from tcclip.tracking.live import FAREWELL_SECONDS, watched
from tcclip.tracking.loader import load_runs
from tcclip.training import loop, train
from tcclip.training.job import resolved_params
from tcclip.stages.train import train_watched
plain = loop.optimizer_step
def slow(*arguments):
    plain(*arguments)
    time.sleep(float(sys.argv[3]))
loop.optimizer_step = slow
job = training_job(Path(sys.argv[1]), sys.argv[2], save_seconds=0.0)
with watched(job.folder, resolved_params(job), {"suite": "killed"}, 0.2) as watch:
    train(job, watch)
"""


def start(world: Path, run: str, pause: float) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(ROOT / "tests" / "helpers"), str(ROOT)])
    command = [sys.executable, "-c", SCRIPT, str(world), run, str(pause)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}, cwd=ROOT)


def one_entry(address: str, run: str) -> Any:
    (found,) = entries(address, "killed", f"tags.run = '{run}'")
    return found


def test_a_training_that_is_killed_and_resumed_is_one_run_with_every_epoch_once(server, world):
    run = f"killed_{server.rpartition(':')[2]}"
    first = start(world, run, 0.4)
    until(lambda: any(e.data.metrics.get("loss") for e in entries(server, "killed", f"tags.run = '{run}'")))
    assert one_entry(server, run).info.status == "RUNNING"
    first.kill()
    first.wait()
    until(lambda: one_entry(server, run).info.status == "KILLED")
    before = one_entry(server, run).info.run_id
    assert start(world, run, 0.0).wait() == 0
    entry = one_entry(server, run)
    assert (entry.info.run_id, entry.info.status) == (before, "FINISHED")
    undisturbed = training_job(world, f"undisturbed_{run}")
    train(undisturbed)
    for name in CURVES:
        assert curve(server, entry, name) == expected(undisturbed.folder, name), name


def test_a_run_whose_whole_job_was_killed_is_closed_by_the_next_command(sqlite_server, world, monkeypatch):
    """A batch system ends the training and the process beside it at once, so that nobody is left to say so."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_server)
    training = start(world, "gone", 0.4)
    until(lambda: bool(entries(sqlite_server, "killed", "tags.run = 'gone'")))
    connection = client(sqlite_server)
    experiment = connection.get_experiment_by_name("killed").experiment_id
    assert close_abandoned(connection, experiment) == 0  # it is at work
    beside = psutil.Process(training.pid).children()
    for process in (*beside, training):
        process.send_signal(signal.SIGKILL)
    training.wait()
    psutil.wait_procs(beside, timeout=10)
    assert one_entry(sqlite_server, "gone").info.status == "RUNNING"
    assert close_abandoned(connection, experiment) == 1
    assert one_entry(sqlite_server, "gone").info.status == "KILLED"


def test_a_training_made_again_unchanged_adds_no_run_and_other_params_do(sqlite_server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_server)
    for _ in range(2):
        one_job(tmp_path / "same", 1, "again")
    (entry,) = entries(sqlite_server, "again")
    assert entry.info.status == "FINISHED"
    assert len(curve(sqlite_server, entry, "loss")) == EPOCHS
    one_job(tmp_path / "same", 2, "again")
    assert len(entries(sqlite_server, "again")) == 2


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_training_that_ends_early_says_how(sqlite_server, tmp_path, monkeypatch, error, status):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_server)
    with pytest.raises(error), watched(tmp_path / status, {"seed": 1}, {"suite": "early"}, 5.0) as watch:
        watch([])
        raise error
    until(lambda: [e.info.status for e in entries(sqlite_server, "early", f"tags.run = '{status}'")] == [status])


def test_a_server_that_is_away_costs_a_training_nothing_and_gets_the_rest_later(tmp_path, world, monkeypatch):
    """The training ends while nobody answers; the server that comes up afterwards has every epoch."""
    from ports import free_port

    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    job = training_job(world, "patient")
    with watched(job.folder, resolved_params(job), {"suite": "late"}, 5.0) as watch:
        train(job, watch)
        ended = time.monotonic()
    assert (job.folder / "weights.safetensors").is_file()
    assert time.monotonic() - ended < FAREWELL_SECONDS / 2  # nobody waits for who was never reached
    with mlflow_server(tmp_path, f"sqlite:///{tmp_path}/late.db", port=port) as address:
        until(lambda: len(entries(address, "late", "attributes.status = 'FINISHED'")) == 1, 120)
        (entry,) = entries(address, "late")
        assert curve(address, entry, "loss") == expected(job.folder, "loss")


def test_a_training_of_the_plan_is_followed_and_its_folder_completes_the_entry(server, world, tmp_path, monkeypatch):
    """What `tcclip train` and `tcclip mlflow` do, through a server: one entry, with artifacts at the end."""
    whole, run = load_plan("mini"), "few_shot-ssv2-k2-tc_clip-s1024"
    train_watched(training_job(world, run), tags_of(whole, whole.run(run)))
    until(lambda: [e.info.status for e in entries(server, "mini", f"tags.run = '{run}'")] == ["FINISHED"])
    (live,) = entries(server, "mini", f"tags.run = '{run}'")
    cells = tuple(c for c in whole.cells["table3"] if [e.run for e in c.evaluations] == [run])
    plan = Plan(whole.suite, {"table3": whole.tables["table3"]}, {"table3": cells}, {run: whole.runs[run]})
    write_suite(plan)
    for name in ("params.yaml", "history.csv", "system.csv"):
        shutil.copy(world / "runs" / run / name, f"runs/mini/{run}/{name}")
    assert load_runs(plan) == "0 new, 0 replaced, 1 completed, 0 unchanged"
    (entry,) = entries(server, "mini", f"tags.run = '{run}'")
    assert (entry.info.run_id, entry.info.status) == (live.info.run_id, "FINISHED")
    assert {"history.csv", "metrics.json"} <= {a.path for a in client(server).list_artifacts(live.info.run_id)}
    assert [i.tags[0].value for i in entry.inputs.dataset_inputs] == ["test"]  # the table of it that is there
