"""A training and its evaluation share a Slurm job, and neither a time limit nor a fate."""

import signal

import pytest
from daemons import wait_until
from on_slurm import EPOCHS, FINISH, RUN, START

from tcclip.params.suite import load_suite

# The first evaluation fails.
FAIL_ONCE = """
if [ "$1" = evaluate ] && mkdir failed 2>/dev/null; then exit 1; fi
exec "$REAL" "$@"
"""


@pytest.fixture(scope="module")
def in_three_jobs(cluster, prepared, tmp_path_factory):
    """A run whose training is over its time in its first job, and whose evaluation fails in the second."""
    project = prepared.copy(tmp_path_factory.mktemp("groups") / "project")
    project.train_for(EPOCHS)
    project.before("tcclip", FAIL_ONCE)
    with project.started(f"runs/mini/{RUN}/metrics.json") as snakemake:
        wait_until(lambda: "epoch 2/" in project.training_log(), "the training does not start", seconds=START)
        timeout = project.training().parent()
        (project.folder / "limit.txt").write_text(timeout.cmdline()[2])  # behind --kill-after
        timeout.send_signal(signal.SIGALRM)  # what tells it that the time is over
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    return project


def test_a_training_over_its_time_limit_resumes_and_ends_with_the_same_weights(cluster, in_three_jobs, undisturbed):
    ended = [cluster.finished()[job]["JobState"] for job in in_three_jobs.jobs_of(RUN)]
    assert ended == ["FAILED", "FAILED", "COMPLETED"]
    assert in_three_jobs.weights() == undisturbed


def test_a_training_and_its_evaluation_have_their_times_each(cluster, in_three_jobs):
    machine = load_suite("mini").machine
    train, evaluate = machine.train_minutes, machine.evaluate_minutes
    jobs = [cluster.finished()[job] for job in in_three_jobs.jobs_of(RUN)]
    assert [int(job["TimeLimit"]) for job in jobs] == [train + evaluate, train + 2 * evaluate, train + 2 * evaluate]
    seconds = int((in_three_jobs.folder / "limit.txt").read_text())
    assert seconds == 60 * train - 120, "a training leaves the evaluation its time"


def test_a_failed_evaluation_does_not_train_again(in_three_jobs):
    said = in_three_jobs.console()
    assert said.count(f"failed: training {RUN}") == said.count(f"failed: evaluating {RUN}") == 1
    assert f"{RUN}: was finished before: its files are written again" in in_three_jobs.training_log()
    assert "epoch" not in in_three_jobs.training_log()
    assert not (in_three_jobs.folder / f"runs/mini/{RUN}/state.pt").exists()
