"""Hundreds of jobs on a cluster on which they sleep and one in ten fails: it ends right, and Snakemake is cheap."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from simulated_cluster import SimulatedCluster
from simulated_run import MOST, Figures, environment, new_project, run

pytestmark = pytest.mark.component

ASKED = ["table3", "--config", "suite=paper"]  # 679 jobs
JOBS = 100  # in the queue at a time
SECONDS = 5  # of a job, on average: shorter ones end faster than a busy machine submits others
FAILING = 0.1


@dataclass(frozen=True)
class Done:
    project: Path
    cluster: SimulatedCluster
    figures: Figures


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("simulated")
    project = new_project(folder / "project")
    options = ["--jobs", str(JOBS), "--slurm-init-seconds-before-status-checks", "3"]  # the profile's 10 s make it long
    with SimulatedCluster(folder / "cluster", project, JOBS, mean_seconds=SECONDS, failing=FAILING) as cluster:
        yield Done(project, cluster, run(project, cluster, [*ASKED, *options]))


def test_everything_is_there_and_snakemake_knows_it(done: Done) -> None:
    assert done.figures.code == 0, (done.project / "console.txt").read_text()[-3000:]
    again = subprocess.run(
        ["snakemake", "-n", *ASKED], cwd=done.project, env=environment(done.project), text=True, capture_output=True
    )
    assert "Nothing to be done" in again.stdout + again.stderr


def test_what_failed_was_tried_until_it_succeeded_and_nothing_was_done_twice(done: Done) -> None:
    tries = dict(done.cluster.tries())
    assert len(tries) > 500  # a training and its evaluation share one
    assert 0.5 * FAILING < done.figures.failed / done.figures.submissions < 2 * FAILING
    assert all(states == ["FAILED"] * (len(states) - 1) + ["COMPLETED"] for states in tries.values()), tries


def test_the_queue_is_filled_at_once(done: Done) -> None:
    """400 shards can start together; Snakemake chooses from eight ready jobs at a time."""
    assert done.figures.busiest > 0.6 * JOBS


def test_snakemake_takes_less_than_a_quarter_of_a_core(done: Done) -> None:
    assert done.figures.share < MOST, str(done.figures)
