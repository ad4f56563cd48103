"""`make tables` as a person uses it: twice at once, interrupted, and after a crash."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interrupts import heed_interrupts

MAKE = ("make", "tables", f"VENV={sys.prefix}", "INSTALLED=.installed")  # in this test's environment
RUN = "few_shot-ucf101-k2-tc_clip-s1024"


@pytest.fixture
def made(project):
    """The finished project with its Makefile, one run deleted; gives the run's weights as they were."""
    shutil.copy(Path(__file__).parents[2] / "Makefile", project.folder)
    shutil.copy(Path(__file__).parents[2] / "pyproject.toml", project.folder)
    (project.folder / ".installed").touch()
    weights = project.folder / "runs/mini" / RUN / "weights.safetensors"
    before = weights.read_bytes()
    shutil.rmtree(weights.parent)
    return project, before


def start(project):
    """`make tables` in a process group of its own, as a terminal would start it."""
    return subprocess.Popen(
        MAKE,
        cwd=project.folder,
        env=project.environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def wait_for_training(project):
    log = project.folder / f"logs/mini/train/{RUN}.log"
    log.unlink(missing_ok=True)
    deadline = time.monotonic() + 60
    while not log.exists():
        assert time.monotonic() < deadline, "the training did not start"
        time.sleep(0.1)


def test_a_second_make_is_told_about_the_first(made):
    project, before = made
    first = start(project)
    wait_for_training(project)
    os.killpg(first.pid, signal.SIGSTOP)  # it would end while the second waits
    second = project.run(*MAKE, check=False)
    os.killpg(first.pid, signal.SIGCONT)
    assert second.returncode != 0
    assert "Error: another 'make tables' is running in this folder" in second.stdout
    output, _ = first.communicate(timeout=120)
    assert first.returncode == 0, output
    assert "Tables: reports/mini/tables/" in output
    assert (project.folder / "runs/mini" / RUN / "weights.safetensors").read_bytes() == before


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_after_an_interruption_the_same_command_goes_on(made, sign):
    project, before = made
    first = start(project)
    wait_for_training(project)
    os.killpg(first.pid, sign)
    first.wait(timeout=60)
    assert first.returncode != 0
    done = project.run(*MAKE)
    assert "Nothing to be done" not in done.stdout
    assert (project.folder / "runs/mini" / RUN / "weights.safetensors").read_bytes() == before
    assert project.jobs("tables") == {}
