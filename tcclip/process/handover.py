"""Handing a command over to the warm server (`tcclip.workflow.warm`), and waiting for its end.

A run of many short jobs starts this a thousand times, so that little is imported: `socket` and `signal` define
enumerations, which takes as long as all else of a command's start, and `os` is not there before `site`.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import posix
import sys

SOCKET = "TCCLIP_WARM"  # environment variable: path of the warm server's socket
BETWEEN = b"\0"  # what no argument, folder or environment variable has
STREAMS = (0, 1, 2)  # standard input, output and error


def answers(path: str) -> bool:
    """Whether a server listens at `path`."""
    server = _socket.socket(_socket.AF_UNIX)
    try:
        _connect(server, path)
    except OSError:
        return False
    finally:
        server.close()
    return True


def ask(path: str | bytes, arguments: list[str]) -> int | None:
    """Let the server at `path` do it and wait for the exit code; None if nobody is there."""
    server = _socket.socket(_socket.AF_UNIX)
    handler = _signal.getsignal(_signal.SIGINT)
    if handler is _signal.default_int_handler:  # a traceback: until there is a fork to be told, Ctrl-C just ends
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    try:
        fork = _fork(server, path, arguments)
        if fork is not None:
            return _code(server, fork)
    finally:
        server.close()
    _signal.signal(_signal.SIGINT, handler)
    return None


def _fork(server: _socket.socket, path: str | bytes, arguments: list[str]) -> int | None:
    """The process that does it, when the server has loaded what it needs."""
    try:
        content = order(arguments)  # before there is anybody who waits for it
        _connect(server, path)
        streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in STREAMS)
        length = len(content).to_bytes(4, "little")
        server.sendmsg([length], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
        server.sendall(content)
        process = exactly(server, 4)
    except OSError:  # nobody is there, it has failed while it was loading, or the working folder is gone
        return None
    return int.from_bytes(process, "little") if process else None


def _code(server: _socket.socket, fork: int) -> int:
    """The exit code of process `fork`, which is told what this one is told."""

    def forward(number: int, _frame: object) -> None:
        try:
            posix.kill(fork, number)
        except ProcessLookupError:  # it has just ended; its code is on the way
            return

    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGUSR1):
        _signal.signal(number, forward)
    code = exactly(server, 4)
    return int.from_bytes(code, "little") if code else 1  # the server was killed


def _connect(server: _socket.socket, path: str | bytes) -> None:
    """Connect to the socket at `path`, which may be too long for its name."""
    try:
        server.connect(path)
    except FileNotFoundError:
        raise
    except OSError:
        import os
        from pathlib import Path

        from tcclip.process.sockets import short_name

        with short_name(Path(os.fsdecode(path))) as name:
            server.connect(name)


def order(arguments: list[str]) -> bytes:
    """Arguments, folder and environment, which are sent after the standard streams."""
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    words = [argument.encode(encoding, errors) for argument in arguments]
    environment = [name + b"=" + value for name, value in posix.environ.items()]
    return BETWEEN.join([str(len(words)).encode(), *words, posix.getcwdb(), *environment])


def exactly(connection: _socket.socket, size: int) -> bytes:
    """`size` bytes, or nothing if the other side is gone."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            return b""
        received += part
    return received
