"""What `snakemake --profile slurm` would submit; needs no Slurm (tests/slurm runs it)."""

import re


def test_a_training_and_its_evaluation_are_one_job_of_a_cluster(finished):
    planned = finished.jobs("--forceall", "tables", "--profile", "slurm")
    told = finished.snakemake("-n", "--forceall", "tables", "--profile", "slurm", "--workflow-profile", "none")
    runs = re.findall(r"^\[.*\] Group job (\S+) ", told, re.MULTILINE)
    assert len(runs) == len(set(runs)) == planned["evaluate"]
    assert planned["evaluate"] > planned["train"] > 0  # untrained methods are only evaluated


def test_on_this_machine_they_are_two(finished):
    told = finished.snakemake("-n", "--forceall", "tables", "--workflow-profile", "none")
    assert "Group job" not in told
