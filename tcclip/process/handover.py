"""Handing a command over to the warm server (`tcclip.workflow.warm`): what is sent, and waiting for its end.

Only the standard library is imported here, because a command that is handed over needs no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from tcclip.process.sockets import short_name

SOCKET = "TCCLIP_WARM"  # environment variable: path of the warm server's socket


class Request(NamedTuple):
    """What a fork needs to take the place of a command."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]  # file descriptors of standard input, output and error


def ask(path: str, arguments: list[str]) -> int | None:
    """Let the server at `path` do it and wait for the exit code; None if nobody is there."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            with short_name(Path(path)) as name:
                server.connect(name)
        except OSError:
            return None
        send(server, arguments)
        fork = _exactly(server, 4)
        if not fork:
            return None
        process = int.from_bytes(fork, "little")

        def forward(number: int, _frame: FrameType | None) -> None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended; its code is on the way
                os.kill(process, number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, forward)
        code = _exactly(server, 4)
        return int.from_bytes(code, "little") if code else 1  # the server was killed


def send(server: socket.socket, arguments: list[str]) -> None:
    """Hand over arguments, environment, folder and standard streams."""
    content = json.dumps([arguments, dict(os.environ), str(Path.cwd())]).encode()
    socket.send_fds(server, [len(content).to_bytes(4, "little")], [0, 1, 2])
    server.sendall(content)


def receive(command: socket.socket) -> Request:
    """What `send` has handed over."""
    length, streams, _, _ = socket.recv_fds(command, 4, 3)
    content = _exactly(command, int.from_bytes(length, "little"))
    arguments, environment, folder = json.loads(content)
    return Request(arguments, environment, folder, streams)


def _exactly(connection: socket.socket, size: int) -> bytes:
    """`size` bytes, or nothing if the other side is gone."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            return b""
        received += part
    return received
