"""Snakemake's own limit of jobs per second is lifted, whose timers would keep its scheduler busy; a person's stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SNAKEFILE = """
import threading

from tcclip.workflow.scheduler import start_jobs_at_once


rule all:
    input:
        expand("{number}.txt", number=range(6)),


rule one:
    output:
        "{number}.txt",
    shell:
        "touch {output}"


onstart:
    start_jobs_at_once(workflow.scheduler)


onsuccess:
    print("timers:", sum(isinstance(thread, threading.Timer) for thread in threading.enumerate()))
"""


@pytest.mark.parametrize(("limit", "has_timers"), [([], False), (["--max-jobs-per-timespan", "50/1s"], True)])
def test_finished_jobs_leave_timers_only_where_a_person_limits_their_number(tmp_path, limit, has_timers):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--scheduler", "greedy", *limit],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    timers = int(done.stdout.split("timers:")[1].split()[0])
    assert bool(timers) == has_timers


TOGETHER = """
from tcclip.workflow.scheduler import start_jobs_at_once


rule all:
    input:
        expand("{number}.txt", number=range(4)),


rule one:
    output:
        "{number}.txt",
    shell:
        "touch begun{wildcards.number}; for i in $(seq 100); do "
        "if [ $(ls begun* | wc -l) = 4 ]; then touch {output}; exit; fi; sleep 0.1; done; exit 1"


onstart:
    start_jobs_at_once(workflow.scheduler)
"""


def test_all_places_get_a_job_though_snakemake_chooses_from_one_at_a_time(tmp_path):
    """Each of the four jobs waits for the other three to begin."""
    (tmp_path / "Snakefile").write_text(TOGETHER)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "4", "--scheduler", "greedy", "--scheduler-subsample", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
