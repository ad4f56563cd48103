"""`snakemake --profile slurm` on a real Slurm: what a cluster does to jobs does not change what they make."""

import re
import signal

from cluster import NODES
from daemons import call, wait_until
from on_slurm import EPOCHS, FINISH, LITTLE, RUN, START, UNTRAINED, small_project

from tcclip.params.suite import load_suite


def test_a_dag_is_made_by_slurm_jobs_though_the_controller_goes_away_for_a_minute(cluster, through_an_outage):
    project = through_an_outage
    done = cluster.finished()
    for rule in ("raw", "splits_mini_ucf101", "shard", "frames_index", "backbone"):
        assert done[project.slurm_jobs(rule)[-1]]["JobState"] == "COMPLETED", rule
    assert done[project.jobs_of(UNTRAINED)[-1]]["JobState"] == "COMPLETED"
    assert "Nothing to be done" in project.snakemake("--profile", "slurm", "frames")


def test_jobs_of_one_dag_run_on_all_nodes_and_make_what_one_machine_makes(cluster, through_an_outage, tmp_path):
    assert {job["NodeList"] for job in cluster.finished().values()} == set(NODES)
    alone = small_project(tmp_path / "project")
    alone.snakemake("frames")
    made = sorted(path.relative_to(alone.folder) for path in alone.folder.glob("data/frames/*/shard-*"))
    frames = [path for path in made if path.suffix != ".parquet"]  # whose tables say when each video was written
    assert frames
    for path in frames:
        assert (through_an_outage.folder / path).read_bytes() == (alone.folder / path).read_bytes(), path


def test_a_job_that_needs_more_memory_gets_it_when_it_is_tried_again(cluster, through_an_outage):
    jobs = [cluster.finished()[job] for job in through_an_outage.jobs_of(UNTRAINED)]
    assert jobs[0]["JobState"] != "COMPLETED"
    assert jobs[-1]["JobState"] == "COMPLETED"
    memory = [int(re.search(r"mem=(\d+)M", job["Tres"])[1]) for job in jobs]
    assert memory == [LITTLE, *[2 * LITTLE] * (len(jobs) - 1)]


def test_a_job_gets_more_time_when_it_is_tried_again(cluster, through_an_outage):
    minutes = load_suite("mini").machine.evaluate_minutes
    jobs = [cluster.finished()[job] for job in through_an_outage.jobs_of(UNTRAINED)]
    assert [int(job["TimeLimit"]) for job in jobs] == [minutes, *[2 * minutes] * (len(jobs) - 1)]


def test_snakemake_killed_and_started_again_goes_on(cluster, prepared, undisturbed, tmp_path):
    project = prepared.copy(tmp_path / "project")
    project.train_for(EPOCHS)
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        wait_until(lambda: "epoch 2/" in project.training_log(), "the training does not start", seconds=START)
        snakemake.send_signal(signal.SIGKILL)
        snakemake.wait()
    (orphan,) = project.jobs_of(RUN)
    assert orphan in cluster.queue()
    call("scancel", orphan)
    wait_until(lambda: orphan not in cluster.queue(), "the job does not end", seconds=60)
    assert "stopped in epoch" in project.training_log()
    assert (
        "a snakemake was killed in this folder and left its lock"
        in project.run("snakemake", "--profile", "slurm", "tables", check=False).stdout
    )
    wait_until(project.unlocked, "the orphan's own Snakemake does not end", seconds=60)
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    assert "continues after step" in project.training_log()
    assert project.weights() == undisturbed
    assert not project.slurm_jobs("shard", "mini_ucf101_0000")


def test_a_training_that_is_preempted_is_queued_again_and_ends_with_the_same_weights(
    cluster, prepared, undisturbed, tmp_path
):
    project = prepared.copy(tmp_path / "project")
    project.train_for(EPOCHS)
    with project.started(f"runs/mini/{RUN}/weights.safetensors") as snakemake:
        wait_until(lambda: "epoch 2/" in project.training_log(), "the training does not start", seconds=START)
        (job,) = project.jobs_of(RUN)
        node = call("squeue", "-h", "-j", job, "-o", "%N").strip()
        urgent = ["--partition=urgent", f"--nodelist={node}", "--exclusive", "--output=/dev/null"]
        call("sbatch", *urgent, "--wrap=sleep 2")
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    assert project.jobs_of(RUN) == [job]  # Slurm's own second try, of which Snakemake knows nothing
    assert " Restarts=1 " in call("scontrol", "show", "job", job)
    assert "continues after step" in project.training_log()
    assert project.weights() == undisturbed
