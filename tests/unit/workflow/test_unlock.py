"""A lock is removed where its Snakemake has ended, and stays where that one runs or cannot be seen."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tcclip.workflow import owner, unlock

ROOT = Path(__file__).parents[3]
SNAKEFILE = """
from tcclip.plan import load_plan
from tcclip.workflow.starting import look_first

rule job:
    output: "made"
    shell: "touch began; while [ ! -e go ]; do sleep 0.1; done; touch {output}"

rule another:
    output: "other"
    shell: "touch {output}"

look_first(workflow, load_plan("mini"))
"""


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder with a lock; gives what says who works there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("atexit.register", lambda *_: None)
    unlock.LOCKS.mkdir(parents=True)
    (unlock.LOCKS / "0.input.lock").touch()
    owner.say_who_works()
    return owner.who_works()


def says(who, **other):
    owner.FILE.write_text(json.dumps(dataclasses.asdict(dataclasses.replace(who, **other))))


def is_locked():
    return any(unlock.LOCKS.iterdir()) if unlock.LOCKS.is_dir() else False


@pytest.mark.parametrize("other", [{"host": "node7"}, {"namespace": "pid:[4026539999]"}])
def test_the_lock_of_another_node_or_container_stays_and_the_sentence_names_both_and_the_command(locked, other):
    says(locked, user="ana", pid=4242, **other)
    with pytest.raises(SystemExit) as error:
        unlock.main()
    host = other.get("host", locked.host)
    assert f"snakemake (process 4242 of ana on {host}) has locked this folder" in str(error.value)
    assert "`rm -r .snakemake/locks`" in str(error.value) and is_locked()


def test_the_lock_of_a_process_that_runs_here_stays_whoever_it_belongs_to(locked):
    """Its working directory, by which a Snakemake is known, cannot be seen of another user's process."""
    with pytest.raises(SystemExit, match=rf"snakemake \(process {os.getpid()} of .* is running in this folder"):
        unlock.main()
    assert is_locked()


def test_the_lock_of_a_process_that_has_ended_goes_also_where_another_has_its_number(locked):
    says(locked, born=locked.born - 3600)
    unlock.main()
    assert not is_locked()


def test_a_lock_of_which_nothing_is_said_goes_where_no_snakemake_works_here(locked):
    owner.FILE.write_text("half of")
    unlock.main()
    assert not is_locked()


def snakemake(folder):
    (folder / "Snakefile").write_text(SNAKEFILE)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_snakemake_says_who_it_is_as_long_as_it_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = snakemake(tmp_path)
    deadline = time.monotonic() + 60
    while not Path("began").exists():
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.1)
    assert owner.who_works().pid == process.pid and is_locked()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    dry = subprocess.run([sys.executable, "-m", "snakemake", "-n", "--nolock"], env=environment)
    assert dry.returncode == 0 and owner.who_works().pid == process.pid
    second = subprocess.run(
        [sys.executable, "-m", "snakemake", "another", "--cores", "1"], env=environment, capture_output=True, text=True
    )
    assert second.returncode == 1  # although its targets are others: at its end it would remove the lock of the first
    assert f"snakemake (process {process.pid}) is running in this folder; wait for it or stop it" in second.stderr
    assert owner.who_works().pid == process.pid and is_locked()
    process.send_signal(signal.SIGINT)
    Path("go").touch()  # it waits for its job
    process.communicate(timeout=60)
    assert owner.who_works() is None


def test_where_a_snakemake_was_killed_the_next_one_names_what_removes_its_lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unlock.LOCKS.mkdir(parents=True)
    (unlock.LOCKS / "0.input.lock").touch()
    process = snakemake(tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"Error: a snakemake was killed in this folder and left its lock: `python -m tcclip.workflow.unlock`" in said
    assert is_locked()
