"""Which server the jobs of a workflow have: one that is there, a new one, or none."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import types

import psutil
import pytest
from warm_server import OWNER

from tcclip.plan import load_plan
from tcclip.workflow import starting, warm_start


@pytest.fixture
def jobs(monkeypatch):
    """What names a server for the jobs of a suite, and the folder that a new server would have."""
    monkeypatch.setenv("PATH", os.environ["PATH"])  # as it was, afterwards
    monkeypatch.setattr(warm_start, "start_server", lambda suite, seeds, owner: f"/new/{suite}-{owner}/warm")
    return warm_start.server_for_jobs, f"/new/mini-{os.getpid()}/warm"


def test_a_servers_memory_is_in_huge_pages(socket_path):
    (server,) = (p for p in psutil.process_iter(["cmdline"]) if str(socket_path) in (p.info["cmdline"] or []))
    assert "glibc.malloc.hugetlb=1" in server.environ()["GLIBC_TUNABLES"]


def test_a_server_that_is_there_is_taken(socket_path, jobs, monkeypatch):
    monkeypatch.setenv("TCCLIP_WARM", str(socket_path))
    jobs[0]("mini")
    assert os.environ["TCCLIP_WARM"] == str(socket_path)
    assert shutil.which("tcclip") == str(socket_path.with_name("tcclip"))


def test_a_server_that_another_name_of_this_python_started_is_taken(socket_path, jobs, monkeypatch):
    """`make` calls python, and the first line of an installed snakemake python3."""
    monkeypatch.setenv("TCCLIP_WARM", str(socket_path))
    monkeypatch.setattr(sys, "executable", f"{sys.prefix}/bin/python3.11")
    jobs[0]("mini")
    assert os.environ["TCCLIP_WARM"] == str(socket_path)


def test_a_server_that_is_gone_is_replaced(tmp_path, jobs, monkeypatch):
    monkeypatch.setenv("TCCLIP_WARM", str(tmp_path / "gone"))
    jobs[0]("mini")
    assert os.environ["TCCLIP_WARM"] == jobs[1]


@pytest.mark.parametrize(
    ("suite", "seeds", "package"), [("paper", "", ""), ("mini", "1,2", ""), ("mini", "", "/other")]
)
def test_a_server_of_another_suite_or_checkout_is_not_taken(socket_path, jobs, monkeypatch, suite, seeds, package):
    monkeypatch.setenv("TCCLIP_WARM", str(socket_path))
    if package:
        monkeypatch.setattr(warm_start.tcclip, "__file__", f"{package}/tcclip/__init__.py")
    jobs[0](suite, seeds)
    assert os.environ["TCCLIP_WARM"] == jobs[1].replace("mini", suite)


def test_where_no_socket_can_be_jobs_run_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(warm_start, "short_name", lambda path: contextlib.nullcontext("x" * 1000))
    monkeypatch.delenv("TCCLIP_WARM", raising=False)
    before = os.environ["PATH"]
    warm_start.server_for_jobs("mini")
    assert (os.environ.pop("TCCLIP_WARM"), os.environ["PATH"], list(tmp_path.iterdir())) == ("", before, [])


def test_jobs_of_a_cluster_find_no_server_of_make(monkeypatch):
    steps = (
        "share_gpus",
        "start_jobs_at_once",
        "tell_why_groups_fail",
        "no_more_of_the_same",
        "tell_if_git_does_not_answer",
    )
    for name in steps:
        monkeypatch.setattr(starting, name, lambda *_: None)
    monkeypatch.setattr(starting, "store_answers", lambda suite: False)
    monkeypatch.setenv("TCCLIP_WARM", "/of/make")
    starting.start(load_plan("mini"), types.SimpleNamespace(scheduler=None, local_exec=False))
    assert "TCCLIP_WARM" not in os.environ


def test_a_server_is_found_below_a_long_temporary_folder(tmp_path):
    folder = tmp_path / ("a" * 60) / ("b" * 60)
    folder.mkdir(parents=True)
    environment = {**os.environ, "TMPDIR": str(folder)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    owner = subprocess.Popen([sys.executable, "-c", OWNER], env=environment, text=True, **pipes)
    path = owner.stdout.readline().strip()
    asked = "import sys; from tcclip.process.handover import ask; print('code', ask(sys.argv[1], ['--version']))"
    done = subprocess.run([sys.executable, "-c", asked, path], text=True, capture_output=True)
    owner.communicate("", timeout=30)
    assert path.startswith(str(folder)) and done.stdout.endswith("code 0\n"), done.stderr


def test_a_server_of_code_that_has_changed_since_is_not_taken(socket_path, jobs, monkeypatch):
    monkeypatch.setenv("TCCLIP_WARM", str(socket_path))
    monkeypatch.setattr(warm_start.warm_code, "files", lambda: (("module.py", 1, 1),))
    jobs[0]("mini")
    assert os.environ["TCCLIP_WARM"] == jobs[1]


def test_without_a_temporary_folder_jobs_run_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert warm_start.start_server("mini", "", os.getpid()) == ""


def test_elsewhere_than_on_linux_jobs_run_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert (warm_start.start_server("mini", "", os.getpid()), list(tmp_path.iterdir())) == ("", [])
