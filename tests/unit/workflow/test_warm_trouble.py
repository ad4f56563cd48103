"""What goes wrong in a job, or on the way to one, is seen there and nowhere else."""

import os
import signal
import socket
import subprocess
import time

import psutil
import pytest
from warm_server import TCCLIP, light_server, tcclip

from tcclip.process import handover

# Its forks do what their first word says; where there is none, the command does by itself what it always does.
LOAD = """
import tempfile, warnings
import tcclip.cli.app

def main():
    word, *others = sys.argv[1:]
    if word == "raise":
        raise RuntimeError("nobody thought of this")
    if word == "exit":
        sys.exit("the last words")
    if word == "folder":
        print(tempfile.gettempdir())
    if word == "wait":
        signal.signal(signal.SIGTERM, lambda *_: open(others[0], "a").write("told "))
        open(others[0], "w").close()
        until, parent = time.monotonic() + float(others[1]), os.getppid()
        while time.monotonic() < until and os.getppid() == parent:
            time.sleep(0.01)
    print("by a fork")

tcclip.cli.app.main = main
warm.load = lambda *_: None
warnings.simplefilter("error", DeprecationWarning)
whole = os.fork
def fork():
    if os.path.exists(sys.argv[1] + "-full"):
        raise BlockingIOError(11, "Resource temporarily unavailable")
    process = whole()
    if process and os.path.exists(sys.argv[1] + "-threads"):
        warnings.warn("This process is multi-threaded", DeprecationWarning)
    return process
os.fork = fork
"""


@pytest.fixture
def server(tmp_path):
    with light_server(tmp_path, LOAD) as (path, process):
        assert tcclip("print", server=path).stdout == "by a fork\n"
        yield path, psutil.Process(process.pid)


def waiting(path, file, seconds):
    """A command whose fork waits, and notes in a file what it is told."""
    environment = {**os.environ, "TCCLIP_WARM": str(path)}
    command = subprocess.Popen(
        [TCCLIP, "wait", str(file), str(seconds)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert comes(file.exists)
    return command


def at_rest(process):
    """How many files it has open, when it has closed those of a fork that works already."""

    def look():
        time.sleep(0.01)
        return process.num_fds()

    return min(look() for _ in range(20))


def comes(condition):
    """Whether it is true within a while."""
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_an_error_that_nobody_expected_is_shown(server):
    done = tcclip("raise", server=server[0])
    assert done.returncode == 1 and done.stderr.endswith("RuntimeError: nobody thought of this\n")
    assert done.stderr.startswith("Traceback")


def test_the_last_words_of_a_job_are_shown(server):
    done = tcclip("exit", server=server[0])
    assert (done.returncode, done.stderr) == (1, "the last words\n")


def test_where_there_is_no_place_for_a_fork_one_command_runs_by_itself_and_no_other_is_ended(server, tmp_path):
    path, process = server
    command = waiting(path, tmp_path / "told", 1000)
    files, full = at_rest(process), path.with_name("warm-full")
    full.touch()
    assert tcclip("--version", server=path).stdout.startswith("tcclip ")
    full.unlink()
    assert tcclip("print", server=path).stdout == "by a fork\n"
    assert command.poll() is None and comes(lambda: process.num_fds() <= files)
    command.kill()


def test_what_is_no_command_ends_no_job(server, tmp_path):
    path, process = server
    command, files = waiting(path, tmp_path / "told", 1000), at_rest(process)
    order = handover.order(["print"])
    for streams, said in (([0, 1, 2], b"hello"), ([0], order), ([], order)):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(path))
            socket.send_fds(stranger, [len(said).to_bytes(4, "little")], streams)
            stranger.sendall(said)
            assert stranger.recv(1) == b""
    assert tcclip("print", server=path).stdout == "by a fork\n"
    assert command.poll() is None and comes(lambda: process.num_fds() <= files)
    command.kill()


def test_a_fork_whose_command_was_killed_is_told_once_and_the_server_rests(server, tmp_path):
    path, process = server
    command = waiting(path, tmp_path / "told", 2)
    before = sum(process.cpu_times()[:2])
    command.send_signal(signal.SIGKILL)
    assert command.communicate(timeout=30)[0] == "by a fork\n"  # the fork goes on and ends
    assert (tmp_path / "told").read_text() == "told "
    assert sum(process.cpu_times()[:2]) - before < 0.5


def test_a_jobs_temporary_folder_is_its_own(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # by Snakemake's resource tmpdir
    assert tcclip("folder", server=server[0]).stdout.startswith(f"{tmp_path}\n")


def test_python_312s_warning_of_forks_beside_threads_is_not_heeded(server):
    server[0].with_name("warm-threads").touch()
    assert [tcclip("print", server=server[0]).stdout for _ in range(2)] == ["by a fork\n"] * 2
