"""`snakemake --profile slurm` on a real Slurm: what a cluster does to jobs does not change what they make."""

import re
import signal
import time

import pytest
from cluster import call, wait_until
from on_slurm import RUN, UNTRAINED

from tcclip.params.suite import load_suite

OUTAGE = 60  # seconds
START = 180  # seconds; until a job works, on a busy machine
FINISH = 480  # seconds; until Snakemake is done
LITTLE = 700  # MB; an evaluation needs more, and not twice as much


@pytest.fixture(scope="module")
def through_an_outage(cluster, made):
    """Frames, backbone and an evaluation made through Slurm, whose controller goes away for a minute meanwhile."""
    made.change_machine(train_mem_mb=LITTLE)
    with made.started("frames", f"runs/mini/{UNTRAINED}/metrics.json") as snakemake:
        wait_until((made.folder / "logs/raw/mini_ucf101.log").is_file, "no job starts", seconds=START)
        cluster.stop_controller()
        time.sleep(OUTAGE)
        cluster.start_controller()
        assert snakemake.wait(timeout=FINISH) == 0, made.console()
    return made


def test_a_dag_is_made_by_slurm_jobs_though_the_controller_goes_away_for_a_minute(cluster, through_an_outage):
    project = through_an_outage
    done = cluster.finished()
    for rule in ("raw", "splits_mini_ucf101", "shard", "frames_index", "backbone", "evaluate"):
        assert done[project.slurm_jobs(rule)[-1]]["JobState"] == "COMPLETED", rule
    assert "Nothing to be done" in project.snakemake("--profile", "slurm", "frames")


def test_a_job_that_needs_more_memory_gets_it_when_it_is_tried_again(cluster, through_an_outage):
    jobs = [cluster.finished()[job] for job in through_an_outage.slurm_jobs("evaluate", UNTRAINED)]
    assert jobs[0]["JobState"] != "COMPLETED"
    assert jobs[-1]["JobState"] == "COMPLETED"
    memory = [int(re.search(r"mem=(\d+)M", job["Tres"])[1]) for job in jobs]
    assert memory == [LITTLE * attempt for attempt in range(1, len(jobs) + 1)]


def test_a_job_gets_more_time_when_it_is_tried_again(cluster, through_an_outage):
    minutes = load_suite("mini").machine.evaluate_minutes
    jobs = [cluster.finished()[job] for job in through_an_outage.slurm_jobs("evaluate", UNTRAINED)]
    assert len(jobs) > 1
    assert [int(job["TimeLimit"]) for job in jobs] == [minutes * attempt for attempt in range(1, len(jobs) + 1)]


@pytest.fixture(scope="module")
def prepared(through_an_outage):
    through_an_outage.change_machine(train_mem_mb=1500)
    return through_an_outage


def test_snakemake_killed_and_started_again_goes_on(cluster, prepared, tmp_path):
    project = prepared.copy(tmp_path / "project")
    project.train_for(epochs=15)
    expected = project.undisturbed(tmp_path / "undisturbed")
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        wait_until(lambda: "epoch 2/" in project.training_log(), "the training does not start", seconds=START)
        snakemake.send_signal(signal.SIGKILL)
        snakemake.wait()
    (orphan,) = project.slurm_jobs("train", RUN)
    assert orphan in cluster.queue()
    call("scancel", orphan)
    wait_until(lambda: orphan not in cluster.queue(), "the job does not end", seconds=60)
    assert "stopped in epoch" in project.training_log()
    assert "--unlock" in project.run("snakemake", "--profile", "slurm", "tables", check=False).stdout
    wait_until(project.unlocked, "the orphan's own Snakemake does not end", seconds=60)
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    assert "continues after step" in project.training_log()
    assert project.weights() == expected
    assert not project.slurm_jobs("shard", "mini_ucf101_0000")


def test_a_suites_gpus_are_asked_of_slurm_and_a_card_that_does_not_work_is_told(cluster, prepared, tmp_path):
    """The cluster's cards are /dev/null."""
    project = prepared.copy(tmp_path / "project")
    project.change_machine(gpus=1)
    with project.started(f"runs/mini/{RUN}/weights.safetensors", "--retries", "0") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 1
    assert len(project.slurm_jobs("train", RUN)) == 1
    said = project.training_log()
    assert "1 GPU is asked for, and " in said and "--gpus 0` computes on the CPU" in said
    # Slurm has given the job a card; a torch that can use none does not look.
    assert re.search(r"CUDA_VISIBLE_DEVICES is '\d'|was built without CUDA", said)


def test_a_training_over_its_time_limit_resumes_and_ends_with_the_same_weights(cluster, prepared, tmp_path):
    project = prepared.copy(tmp_path / "project")
    project.train_for(epochs=15)
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        wait_until(lambda: "epoch 2/" in project.training_log(), "the training does not start", seconds=START)
        (first,) = project.slurm_jobs("train", RUN)
        call("scancel", "--signal=STOP", first)  # so that it is over its limit however fast the machine is
        call("scontrol", "update", f"JobId={first}", "TimeLimit=1")  # minutes; Slurm looks at the limits twice a minute
        expected = project.undisturbed(tmp_path / "undisturbed")
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    ended = [cluster.finished()[job]["JobState"] for job in project.slurm_jobs("train", RUN)]
    assert len(ended) == 2
    assert ended[0] in ("FAILED", "TIMEOUT")  # it heeded the warning, or had no time to
    assert ended[1] == "COMPLETED"
    assert "continues after step" in project.training_log()
    assert project.weights() == expected
