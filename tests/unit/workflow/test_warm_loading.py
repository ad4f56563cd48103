"""Commands that come while a server is still loading wait for it."""

import os
import signal
import subprocess

import pytest
from interrupts import heed_interrupts
from warm_server import TCCLIP, light_server, tcclip

from tcclip.process import handover


@pytest.fixture
def loading(tmp_path):
    """The socket of a server that is still loading, and what lets it go on."""
    go = tmp_path / "go"
    os.mkfifo(go)
    load = f"warm.load = lambda *_: open({str(go)!r}).read() or sys.exit('the libraries are not there')"
    with light_server(tmp_path, load) as (path, _):
        yield path, go


def waiting(path, *arguments):
    """A command that has waited for a second."""
    command = subprocess.Popen(
        [TCCLIP, *arguments], env={**os.environ, "TCCLIP_WARM": str(path)}, stdout=subprocess.PIPE, text=True
    )
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=1)
    return command


def test_a_command_waits_for_a_server_that_is_loading(loading):
    path, go = loading
    assert handover.answers(str(path))
    command = waiting(path, "--version")
    go.write_text("loaded")
    assert command.communicate(timeout=30)[0].startswith("tcclip ")
    assert command.returncode == 0


def test_a_command_runs_by_itself_when_the_server_fails_while_it_is_loading(loading):
    path, go = loading
    command = waiting(path, "--version")
    go.write_text("")
    assert command.communicate(timeout=30)[0].startswith("tcclip ")
    assert command.returncode == 0
    assert not path.parent.exists()


def test_a_command_that_was_ended_while_it_waited_is_not_done(loading):
    path, go = loading
    command = waiting(path, "plan", "--suite", "mini")
    command.terminate()
    go.write_text("loaded")
    assert command.communicate(timeout=30) == ("", None)
    assert tcclip("--version", server=path).returncode == 0  # the server goes on


def test_a_server_that_is_loading_ends_with_its_owner(tmp_path):
    owner = subprocess.Popen(["sleep", "1000"])
    with light_server(tmp_path, f"sys.argv[3] = {owner.pid}; warm.load = lambda *_: time.sleep(1000)") as (_, server):
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
