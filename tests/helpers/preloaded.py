"""Python commands of throw-away projects, forked from a process that has imported their libraries already.

Importing pandas, torch and what Snakemake brings takes a command two to three seconds of a core, and the tests run
hundreds. The process has nothing of tcclip: a fork imports the code of the folder that its PYTHONPATH names, as the
command would. What starts by itself (jobs, servers, `make`) is what a user gets.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

LIBRARIES = (
    "pandas",
    "sqlmodel",
    "pyarrow.parquet",
    "torch",
    "pydantic",
    "jinja2",
    "typer",
    "yaml",
    "requests",
    "PIL.Image",
)
COMMANDS = ("snakemake", "tcclip", "dvc")
MOST = 1 << 20  # bytes of an order: arguments and environment


def runs(command: Sequence[str]) -> bool:
    """Whether a command is one of those that are forked."""
    return command[0] in COMMANDS


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As subprocess.run with both streams of the command in stdout."""
    script = shutil.which(command[0], path=environment["PATH"])
    order = {"argv": [script, *command[1:]], "folder": str(folder), "environment": dict(environment)}
    reading, writing = os.pipe()
    server = _server()
    socket.send_fds(server, [json.dumps(order).encode()], [writing])
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as output:
        said = output.read()
    return subprocess.CompletedProcess(list(command), int.from_bytes(server.recv(4), "little", signed=True), said)


@functools.cache
def _server() -> socket.socket:
    """The connection to this process's server, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-I", __file__, str(theirs.fileno())]
        subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    return ours


def serve(connection: socket.socket) -> dict[str, object] | None:
    """Fork for each order; returns in every fork with what it shall do, and None when nobody asks any more."""
    while True:
        message, streams, *_ = socket.recv_fds(connection, MOST, 1)
        if not message:
            return None
        process = os.fork()
        if not process:
            connection.close()
            for target in (1, 2):
                os.dup2(streams[0], target)
            os.close(streams[0])
            order: dict[str, object] = json.loads(message)
            return order
        os.close(streams[0])
        _, status = os.waitpid(process, 0)
        connection.send(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))


def become(argv: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Go on as `argv` in `folder`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    named = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [str(Path(argv[0]).parent), *named]
    sys.argv = argv
    code: object = 1
    try:
        runpy.run_path(argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:  # as Python ends, less taking to pieces what was imported
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # type: ignore[arg-type]


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # looking through it for garbage would take long, and copy it
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        become(**asked)  # type: ignore[arg-type]
