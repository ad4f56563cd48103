"""Handing a command over to the warm server (`tcclip.workflow.warm`), and waiting for its end.

A run of many short jobs starts this a thousand times: only what Python has loaded anyway and two small modules of the
standard library are imported here (`typing`, `json`, `pathlib` and `contextlib` would be three quarters of a start).
"""

from __future__ import annotations

import os
import signal
import socket

SOCKET = "TCCLIP_WARM"  # environment variable: path of the warm server's socket
BETWEEN = "\0"  # what no argument, folder or environment variable has


def answers(path: str | None) -> bool:
    """Whether a server listens at `path`."""
    if not path:
        return False
    with socket.socket(socket.AF_UNIX) as server:
        try:
            _connect(server, path)
        except OSError:
            return False
    return True


def ask(path: str, arguments: list[str]) -> int | None:
    """Let the server at `path` do it and wait for the exit code; None if nobody is there."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            content = order(arguments)  # before there is anybody who waits for it
            _connect(server, path)
            socket.send_fds(server, [len(content).to_bytes(4, "little")], [0, 1, 2])
            server.sendall(content)
            fork = exactly(server, 4)
        except OSError:  # nobody is there, it has failed while it was loading, or the working folder is gone
            return None
        if not fork:
            return None
        process = int.from_bytes(fork, "little")

        def forward(number: int, _frame: object) -> None:
            try:
                os.kill(process, number)
            except ProcessLookupError:  # it has just ended; its code is on the way
                return

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, forward)
        code = exactly(server, 4)
        return int.from_bytes(code, "little") if code else 1  # the server was killed


def _connect(server: socket.socket, path: str) -> None:
    """Connect to the socket at `path`, which may be too long for its name."""
    try:
        server.connect(path)
    except FileNotFoundError:
        raise
    except OSError:
        from pathlib import Path

        from tcclip.process.sockets import short_name

        with short_name(Path(path)) as name:
            server.connect(name)


def order(arguments: list[str]) -> bytes:
    """Arguments, folder and environment, which are sent after the standard streams."""
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    fields = [str(len(arguments)), *arguments, os.getcwd(), *environment]  # noqa: PTH109 (no pathlib here)
    return os.fsencode(BETWEEN.join(fields))


def exactly(connection: socket.socket, size: int) -> bytes:
    """`size` bytes, or nothing if the other side is gone."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            return b""
        received += part
    return received
