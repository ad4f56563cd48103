"""Jobs that start as forks of a server do what a command of its own does, and end as it ends."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TCCLIP = str(Path(sys.executable).parent / "tcclip")
OWNER = """
import os, pathlib, subprocess, sys, time
from tcclip.workflow import warm
warm.start_server()
path = pathlib.Path(os.environ["TCCLIP_WARM"])
while not path.exists():
    time.sleep(0.05)
print(path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def socket_path():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    path = Path(owner.stdout.readline().strip())
    yield path
    owner.communicate("", timeout=10)
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not path.parent.exists(), "the server ends after its owner"


def tcclip(*arguments, warm=None, **options):
    environment = {key: value for key, value in os.environ.items() if key != "TCCLIP_WARM"}
    if warm:
        environment["TCCLIP_WARM"] = str(warm)
    return subprocess.run([TCCLIP, *arguments], env=environment, text=True, capture_output=True, **options)


@pytest.mark.parametrize("arguments", [("plan", "--suite", "mini"), ("train", "no-such-run"), ("no-such-command",)])
def test_a_fork_prints_and_returns_what_a_command_of_its_own_does(socket_path, arguments):
    alone, forked = tcclip(*arguments), tcclip(*arguments, warm=socket_path)
    assert (forked.returncode, forked.stdout) == (alone.returncode, alone.stdout)
    without_seconds = [line.rsplit(",", 1)[0] for line in (alone.stderr + forked.stderr).splitlines()]
    assert without_seconds[: len(without_seconds) // 2] == without_seconds[len(without_seconds) // 2 :]


def test_a_fork_works_in_the_folder_and_environment_of_its_command(socket_path, tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    assert "unknown suite" in tcclip("plan", warm=socket_path, cwd=tmp_path).stderr
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    assert "unknown suite" in tcclip("plan", warm=socket_path).stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_what_ends_a_command_ends_its_fork(socket_path, number, code):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)  # the plan is longer, so that printing it waits for a reader
    command = subprocess.Popen([TCCLIP, "plan"], env={**os.environ, "TCCLIP_WARM": str(socket_path)}, stdout=writer)
    os.close(writer)
    assert os.read(reader, 1)
    command.send_signal(number)
    assert command.wait(timeout=10) == code
    time.sleep(0.5)
    printed = sum(len(part) for part in iter(lambda: os.read(reader, 65536), b""))  # ends when no fork can write
    assert printed < 3 * 4096
    os.close(reader)


def test_without_a_server_the_command_runs_by_itself(tmp_path):
    assert tcclip("plan", warm=tmp_path / "nobody").returncode == 0


def test_start_imports_nothing_heavy():
    code = "import sys, json, tcclip.cli.start; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], text=True, capture_output=True).stdout)
    assert not {"torch", "pydantic", "typer", "yaml", "pandas"} & set(loaded)
