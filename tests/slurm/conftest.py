"""Fixtures: the cluster, and a project whose tables have one column and whose jobs it runs."""

import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

from cluster import Cluster, why_not
from daemons import wait_until
from on_slurm import EPOCHS, FINISH, LITTLE, RUN, START, UNTRAINED, SlurmProject, small_project

OUTAGE = 60  # seconds


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """All of this folder in one worker, marked: there is one Slurm."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("slurm"))
            item.add_marker(pytest.mark.component)


@pytest.fixture(scope="session")
def cluster():
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="tcclip-slurm-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # pytest's own folders are private, and munge wants its socket to be reached by all
        cluster = Cluster(folder)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def through_an_outage(cluster, tmp_path_factory) -> SlurmProject:
    """Frames, backbone and an evaluation made through Slurm, whose controller goes away for a minute meanwhile."""
    project = small_project(tmp_path_factory.mktemp("project"))
    project.change_machine(train_mem_mb=LITTLE)
    with project.started("frames", f"runs/mini/{UNTRAINED}/metrics.json") as snakemake:
        wait_until((project.folder / "logs/raw/mini_ucf101.log").is_file, "no job starts", seconds=START)
        cluster.stop_controller()
        time.sleep(OUTAGE)
        cluster.start_controller()
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    return project


@pytest.fixture(scope="session")
def prepared(through_an_outage, tmp_path_factory) -> SlurmProject:
    """All that trainings need, made; copies of it are trained."""
    project = through_an_outage.copy(tmp_path_factory.mktemp("prepared") / "project")
    project.change_machine(train_mem_mb=1500)
    return project


@pytest.fixture(scope="session")
def undisturbed(prepared, tmp_path_factory) -> bytes:
    """The weights of the run trained for EPOCHS by one command and without Slurm."""
    copy = prepared.copy(tmp_path_factory.mktemp("undisturbed") / "project")
    copy.train_for(EPOCHS)
    copy.run("tcclip", "train", RUN)
    return copy.weights()
