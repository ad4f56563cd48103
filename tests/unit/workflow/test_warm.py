"""Jobs that start as forks of a server do what a command of its own does, and end as it ends."""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import preloaded
import psutil
import pytest

from tcclip.params.reader import versions
from tcclip.plan import load_plan
from tcclip.process import handover
from tcclip.workflow import snakefile, warm, warm_start

ROOT = Path(__file__).parents[3]
TCCLIP = str(Path(sys.executable).parent / "tcclip")
OWNER = """
import os, sys
from tcclip.workflow.warm_start import start_server
print(start_server("mini", "", os.getpid()), flush=True)
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


def tcclip(*arguments, server=None, **options):
    environment = {key: value for key, value in os.environ.items() if key != "TCCLIP_WARM"}
    if server:
        environment["TCCLIP_WARM"] = str(server)
    return subprocess.run([TCCLIP, *arguments], env=environment, text=True, capture_output=True, **options)


@pytest.mark.parametrize("arguments", [("plan", "--suite", "mini"), ("train", "no-such-run"), ("no-such-command",)])
def test_a_fork_prints_and_returns_what_a_command_of_its_own_does(socket_path, arguments):
    alone, forked = tcclip(*arguments), tcclip(*arguments, server=socket_path)
    assert (forked.returncode, forked.stdout) == (alone.returncode, alone.stdout)
    assert without_seconds(forked.stderr) == without_seconds(alone.stderr)


def without_seconds(said):
    return [line.rsplit(",", 1)[0] for line in said.splitlines()]


def test_a_fork_works_in_the_folder_and_environment_of_its_command(socket_path, tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    assert "unknown suite" in tcclip("plan", server=socket_path, cwd=tmp_path).stderr
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    assert "unknown suite" in tcclip("plan", server=socket_path).stderr


def test_a_fork_has_the_plan_and_reads_no_file_of_params(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
from tcclip.workflow import warm
warm.load("mini")
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
    warm.forget_unless(planned)
    assert load_plan("mini") is plan
    path = tmp_path / "params" / "suites" / "mini.yaml"
    path.write_text(path.read_text().replace("description: Generated", "description: Drawn"))
    warm.forget_unless(planned)
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


@pytest.fixture
def loading(tmp_path):
    """The socket of a server that is still loading, and what lets it go on."""
    path, go = tmp_path / "tcclip-1" / "warm", tmp_path / "go"
    path.parent.mkdir()
    os.mkfifo(go)
    (tmp_path / "server.py").write_text(f"""
import socket, sys
from pathlib import Path
from tcclip.workflow import warm
warm.load = lambda suite, seeds: open({str(go)!r}).read() or sys.exit("the libraries are not there")
warm.serve(Path({str(path)!r}), socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), "mini", "")
""")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        command = [sys.executable, str(tmp_path / "server.py"), str(listener.fileno()), str(os.getpid())]
        server = subprocess.Popen(command, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
    yield path, go
    server.kill()
    server.wait()


def waiting(path, *arguments):
    return subprocess.Popen(
        [TCCLIP, *arguments], env={**os.environ, "TCCLIP_WARM": str(path)}, stdout=subprocess.PIPE, text=True
    )


def test_the_command_beside_a_server_does_what_the_installed_one_does(socket_path):
    command = str(socket_path.with_name("tcclip"))
    for arguments in (["plan", "--suite", "mini"], ["train", "no-such-run", "--suite", "mini", "\udcff"]):
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
    command.write_bytes(warm_start._command("mini", ""))
    command.chmod(0o700)
    done = subprocess.run([command, "--version"], env={**os.environ, "TCCLIP_WARM": "/nobody"}, capture_output=True)
    assert done.stdout.startswith(b"tcclip "), done.stderr


def test_a_servers_memory_is_in_huge_pages(socket_path):
    (server,) = (p for p in psutil.process_iter(["cmdline"]) if str(socket_path) in (p.info["cmdline"] or []))
    assert "glibc.malloc.hugetlb=1" in server.environ()["GLIBC_TUNABLES"]


def test_a_command_waits_for_a_server_that_is_loading(loading):
    path, go = loading
    assert handover.answers(str(path))
    command = waiting(path, "--version")
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=1)
    go.write_text("loaded")
    assert command.communicate(timeout=30)[0].startswith("tcclip ")
    assert command.returncode == 0


def test_a_command_runs_by_itself_when_the_server_fails_while_it_is_loading(loading):
    path, go = loading
    command = waiting(path, "--version")
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=1)
    go.write_text("")
    assert command.communicate(timeout=30)[0].startswith("tcclip ")
    assert command.returncode == 0
    assert not path.parent.exists()


def test_a_command_that_was_ended_while_it_waited_is_not_done(loading):
    path, go = loading
    command = waiting(path, "plan", "--suite", "mini")
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=1)
    command.terminate()
    go.write_text("loaded")
    assert command.communicate(timeout=30) == ("", None)
    assert tcclip("--version", server=path).returncode == 0  # the server goes on


@pytest.fixture
def jobs(monkeypatch):
    """What names a server for the jobs of a suite, and the folder that a new server would have."""
    monkeypatch.setenv("PATH", os.environ["PATH"])  # as it was, afterwards
    monkeypatch.setattr(warm_start, "start_server", lambda suite, seeds, owner: f"/new/{suite}-{owner}/warm")
    return warm_start.server_for_jobs, f"/new/mini-{os.getpid()}/warm"


def test_a_server_that_is_there_is_taken(socket_path, jobs, monkeypatch):
    monkeypatch.setenv("TCCLIP_WARM", str(socket_path))
    jobs[0]("mini")
    assert os.environ["TCCLIP_WARM"] == str(socket_path)
    assert shutil.which("tcclip") == str(socket_path.with_name("tcclip"))


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


def test_a_server_that_is_loading_ends_with_its_owner(loading, tmp_path):
    path, _ = loading
    owner = subprocess.Popen(["sleep", "1000"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path.with_name("another")))
        command = [sys.executable, str(tmp_path / "server.py"), str(listener.fileno()), str(owner.pid)]
        server = subprocess.Popen(command, pass_fds=[listener.fileno()])
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(timeout=3)
    owner.kill()
    owner.wait()
    server.wait(timeout=10)


def test_an_interrupted_command_that_waits_ends_without_a_traceback(loading, tmp_path):
    said = tmp_path / "said"
    with open(said, "wb") as stream:
        command = subprocess.Popen(
            [TCCLIP, "plan"],
            env={**os.environ, "TCCLIP_WARM": str(loading[0])},
            stderr=stream,
            preexec_fn=heed_interrupts,
        )
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=1)
    command.send_signal(signal.SIGINT)
    assert (command.wait(timeout=10), said.read_bytes()) == (-signal.SIGINT, b"")


def heed_interrupts():
    """A command in the background of a script ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_jobs_of_a_cluster_find_no_server_of_make(monkeypatch):
    for name in ("start_jobs_at_once", "tell_why_groups_fail", "tell_if_git_does_not_answer"):
        monkeypatch.setattr(snakefile, name, lambda *_: None)
    monkeypatch.setattr(snakefile, "store_answers", lambda suite: False)
    monkeypatch.setenv("TCCLIP_WARM", "/of/make")
    snakefile.start("mini", types.SimpleNamespace(scheduler=None, local_exec=False))
    assert "TCCLIP_WARM" not in os.environ


def test_a_command_in_a_folder_that_is_gone_asks_no_server(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert handover.ask(str(tmp_path / "nobody"), ["--version"]) is None


def test_a_part_that_cannot_be_imported_is_its_own_jobs_trouble(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
import importlib
from tcclip.workflow import warm
whole = importlib.import_module
def some(name, *others):
    if name == "tcclip.models.pool.mit":
        raise ModuleNotFoundError("No module named 'einops'")
    return whole(name, *others)
importlib.import_module = some
print(warm.load("mini") is not None)
""")
    assert preloaded.run([str(script)], Path.cwd(), os.environ).stdout == "True\n"


def test_without_a_server_the_command_runs_by_itself(tmp_path):
    assert tcclip("plan", server=tmp_path / "nobody").returncode == 0


def test_start_imports_nothing_heavy():
    code = "import sys, json, tcclip.cli.start; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], text=True, capture_output=True).stdout)
    assert not {"torch", "pydantic", "typer", "yaml", "pandas"} & set(loaded)


EXIT = """
import atexit, sys, tempfile, weakref
from pathlib import Path
from tcclip.workflow import warm

class Thing: pass
server = Thing()
atexit.register(print, "function of the server", flush=True)
weakref.finalize(server, print, "thing of the server", flush=True)
import os
process = os.fork()
if not process:
    warm._leave_exit_functions()
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
from tcclip.workflow import warm
warm.load("mini")
import sys
from tcclip.params.kinds.axes import AXES
from tcclip.stages.fingerprint import _submodules
parts = set().union(*map(_submodules, AXES.values()))
print(sorted(parts - sys.modules.keys()))
""")
    assert preloaded.run([str(script)], Path.cwd(), os.environ).stdout == "[]\n"


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
