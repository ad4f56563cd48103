"""The `tcclip` command, the installed one and the one beside a server, with and without a server."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from warm_server import TCCLIP, tcclip, without_seconds

from tcclip.process import handover
from tcclip.workflow import warm_start


def test_the_command_beside_a_server_does_what_the_installed_one_does(socket_path):
    command = str(socket_path.with_name("tcclip"))
    for arguments in (["plan", "--suite", "mini", "--runs"], ["train", "no-such-run", "--suite", "mini", "\udcff"]):
        asked = {"env": {**os.environ, "TCCLIP_WARM": str(socket_path)}, "capture_output": True, "text": True}
        ours, installed = (subprocess.run([name, *arguments], **asked) for name in (command, TCCLIP))
        assert (ours.returncode, ours.stdout) == (installed.returncode, installed.stdout)
        assert without_seconds(ours.stderr) == without_seconds(installed.stderr)
    alone = subprocess.run([command, "--version"], env={**os.environ, "TCCLIP_WARM": "/nobody"}, capture_output=True)
    assert alone.returncode == 0 and alone.stdout.startswith(b"tcclip ")


def imported(*command, **options):
    said = subprocess.run([sys.executable, "-X", "importtime", "-IS", *command], capture_output=True, **options).stderr
    return {line.split("|")[-1].strip() for line in said.decode().splitlines()}


def test_the_command_beside_a_server_imports_next_to_nothing(socket_path):
    code = shlex.split(socket_path.with_name("tcclip").read_text().splitlines()[-1])[4]
    ours = imported("-c", code, "--version", env={"TCCLIP_WARM": str(socket_path)}) - imported("-c", "pass")
    packages = {"tcclip", "tcclip.cli", "tcclip.cli.start", "tcclip.process", "tcclip.process.handover"}
    assert ours == packages | {"__future__", "_socket"}


@pytest.mark.parametrize("name", ["a b'c", "\udcff", "x" * 200 + "/" + "y" * 200])
def test_the_command_beside_a_server_works_wherever_python_lies(name, tmp_path, monkeypatch):
    python = tmp_path / name / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    command = tmp_path / "tcclip"
    command.write_bytes(warm_start._command("mini", "", ""))
    command.chmod(0o700)
    done = subprocess.run([command, "--version"], env={**os.environ, "TCCLIP_WARM": "/nobody"}, capture_output=True)
    assert done.stdout.startswith(b"tcclip "), done.stderr


def test_without_a_server_the_command_runs_by_itself(tmp_path):
    assert tcclip("plan", server=tmp_path / "nobody").returncode == 0


def test_a_command_in_a_folder_that_is_gone_asks_no_server(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert handover.ask(str(tmp_path / "nobody"), ["--version"]) is None


def test_start_imports_nothing_heavy():
    code = "import sys, json, tcclip.cli.start; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], text=True, capture_output=True).stdout)
    assert not {"torch", "pydantic", "typer", "yaml", "pandas"} & set(loaded)
