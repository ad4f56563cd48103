"""Jobs that start as forks of a server do what a command of its own does, and end as it ends."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import preloaded
import pytest
from warm_server import TCCLIP, tcclip, without_seconds

from tcclip.params.reader import versions
from tcclip.plan import load_plan
from tcclip.workflow import warm_fork

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "arguments", [("plan", "--suite", "mini", "--runs"), ("train", "no-such-run"), ("no-such-command",)]
)
def test_a_fork_prints_and_returns_what_a_command_of_its_own_does(socket_path, arguments):
    alone, forked = tcclip(*arguments), tcclip(*arguments, server=socket_path)
    assert (forked.returncode, forked.stdout) == (alone.returncode, alone.stdout)
    assert without_seconds(forked.stderr) == without_seconds(alone.stderr)


def test_a_fork_works_in_the_folder_and_environment_of_its_command(socket_path, tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    assert "unknown suite" in tcclip("plan", server=socket_path, cwd=tmp_path).stderr
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    assert "unknown suite" in tcclip("plan", server=socket_path).stderr


def test_a_fork_has_the_plan_and_reads_no_file_of_params(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
from tcclip.workflow import warm_load
warm_load.load("mini")
import builtins, pathlib, tcclip.params.reader as reader
from tcclip.plan import load_plan
from tcclip.stages import evaluate, train
def refused(path): raise AssertionError(f"{path} is read again")
reader.read_yaml = refused
plan = load_plan("mini")
for name, run in plan.runs.items():
    evaluate.depends_on(plan, name)
    if run.trained:
        train.depends_on(plan, name)
""")
    done = preloaded.run([str(script)], Path.cwd(), os.environ)
    assert done.returncode == 0, done.stdout


def test_a_fork_sees_params_that_have_changed_since_the_server_began(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    load_plan.cache_clear()
    planned, plan = versions(), load_plan("mini")
    warm_fork.forget_unless(planned)
    assert load_plan("mini") is plan
    path = tmp_path / "params" / "suites" / "mini.yaml"
    path.write_text(path.read_text().replace("description: Generated", "description: Drawn"))
    warm_fork.forget_unless(planned)
    assert load_plan("mini").suite.description.startswith("Drawn")
    load_plan.cache_clear()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_what_ends_a_command_ends_its_fork(socket_path, number, code):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)  # the plan is longer, so that printing it waits for a reader
    command = subprocess.Popen(
        [TCCLIP, "plan", "--runs"], env={**os.environ, "TCCLIP_WARM": str(socket_path)}, stdout=writer
    )
    os.close(writer)
    assert os.read(reader, 1)
    command.send_signal(number)
    assert command.wait(timeout=10) == code
    time.sleep(0.5)
    printed = sum(len(part) for part in iter(lambda: os.read(reader, 65536), b""))  # ends when no fork can write
    assert printed < 3 * 4096
    os.close(reader)


def test_a_command_that_ends_before_it_has_said_what_it_wants_ends_no_server(socket_path):
    with socket.socket(socket.AF_UNIX) as command:
        command.connect(str(socket_path))
    with socket.socket(socket.AF_UNIX) as command:
        command.connect(str(socket_path))
        socket.send_fds(command, [(1000).to_bytes(4, "little")], [0, 1, 2])
    assert tcclip("--version", server=socket_path).returncode == 0
    assert socket_path.exists()


def test_a_part_that_cannot_be_imported_is_its_own_jobs_trouble(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
import importlib
from tcclip.workflow import warm_load
whole = importlib.import_module
def some(name, *others):
    if name == "tcclip.models.pool.mit":
        raise ModuleNotFoundError("No module named 'einops'")
    return whole(name, *others)
importlib.import_module = some
print(warm_load.load("mini") is not None)
""")
    assert preloaded.run([str(script)], Path.cwd(), os.environ).stdout == "True\n"


EXIT = """
import atexit, sys, tempfile, weakref
from pathlib import Path
from tcclip.workflow import warm_fork

class Thing: pass
server = Thing()
atexit.register(print, "function of the server", flush=True)
weakref.finalize(server, print, "thing of the server", flush=True)
import os
process = os.fork()
if not process:
    warm_fork.leave_exit_functions()
    job = Thing()
    atexit.register(print, "function of the job", flush=True)
    weakref.finalize(job, print, "thing of the job", flush=True)
    atexit._run_exitfuncs()
    os._exit(0)
os.waitpid(process, 0)
print("the fork has ended", flush=True)
"""


def test_a_fork_leaves_what_the_server_wants_done_at_its_end_to_the_server():
    printed = subprocess.run([sys.executable, "-c", EXIT], text=True, capture_output=True).stdout.splitlines()
    middle = printed.index("the fork has ended")
    assert {*printed[:middle]} == {"function of the job", "thing of the job"}
    assert {*printed[middle + 1 :]} == {"function of the server", "thing of the server"}


def test_a_fork_has_imported_what_any_method_needs(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
from tcclip.workflow import warm_load
warm_load.load("mini")
import sys
from tcclip.params.kinds.axes import AXES
from tcclip.stages.fingerprint import _submodules
parts = set().union(*map(_submodules, AXES.values()))
print(sorted(parts - sys.modules.keys()))
""")
    assert preloaded.run([str(script)], Path.cwd(), os.environ).stdout == "[]\n"


def test_a_servers_libraries_have_the_threads_of_the_suites_jobs(tmp_path):
    """They read the variables when they are imported, long before a fork gets those of its job."""
    script = """
import importlib, os, sys
from tcclip.workflow import warm_load
real = importlib.import_module
def first(name):
    if name.startswith("tcclip.params."):  # settings, which load no library
        return real(name)
    sys.exit(" ".join([*(os.environ[variable] for variable in warm_load.THREADS), str("numpy" in sys.modules)]))
importlib.import_module = first
warm_load.load("mini")
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "7"}
    said = subprocess.run([sys.executable, "-c", script], env=environment, text=True, capture_output=True).stderr
    threads = load_plan("mini").suite.machine.threads
    assert said == f"{threads} {threads} {threads} False\n"
