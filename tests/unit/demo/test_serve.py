"""The demo's server: its folder is gone when it is, other hosts are refused, and what cannot start is a sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.demo import serve
from tcclip.errors import UserError

# Who starts the tests in the background has them ignore two of the signals, and a process inherits that.
WORKS = """
import signal, tempfile, threading, time
from pathlib import Path
from tcclip.demo.serve import end_as_by_ctrl_c, own_folder
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
def answer():
    time.sleep(0.5)
    late = Path(tempfile.mkdtemp())
    (late / "picture.png").write_bytes(b"")
end_as_by_ctrl_c()
own_folder()
tempfile.NamedTemporaryFile(delete=False)
threading.Thread(target=answer).start()
print("works", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_its_folder_is_deleted_after_the_answer_under_way(tmp_path: Path, ended_by: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", WORKS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as server:
        assert server.stdout is not None and server.stdout.readline() == b"works\n"
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith("tcclip-demo-") and len(list(folder.iterdir())) == 1
        server.send_signal(ended_by)
        server.wait(20)
    assert list(tmp_path.iterdir()) == []


def test_every_answer_tells_the_browser_to_fetch_from_nowhere_else() -> None:
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"page"})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(serve.from_here_alone(application)({"type": "http"}, None, send))
    start, body = sent
    assert start["headers"][0] == (b"a", b"b") and start["headers"][1][0] == b"content-security-policy"
    assert start["headers"][1][1].startswith(b"default-src 'self' ") and b"http" not in start["headers"][1][1]
    assert body == {"type": "http.response.body", "body": b"page"}


def test_a_port_that_is_taken_is_told_with_the_next_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} cannot be used .*--port {port + 1}"):
            serve.listening(port)
    with pytest.raises(UserError, match=r"--port must be 0 to 65535 \(got 70000\)"):
        serve.listening(70000)
    with serve.listening(0) as place:
        assert place.getsockname()[0] == "127.0.0.1"


def test_without_gradio_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    said = CliRunner().invoke(app, ["demo", "no_run"])
    assert said.exit_code == 1 and "pip install '.[demo]'" in said.stderr
