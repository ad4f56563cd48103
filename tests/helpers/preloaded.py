"""Python commands of throw-away projects, forked from a process that has imported their libraries already.

Importing pandas, torch and what Snakemake brings takes a command two to three seconds of a core, and the tests run
hundreds. The process has nothing of tcclip: a fork imports the code of the folder that its PYTHONPATH names, as the
command would. Snakemake's warm server (`tcclip.workflow.warm`) is a fork as well. What else starts by itself (jobs,
other servers, `make`) is what a user gets.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import logging
import multiprocessing.util
import os
import runpy
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

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
    "snakemake.cli",
    "snakemake.workflow",
    "snakemake.scheduling.milp",
    "snakemake.report.html_reporter",
    "snakemake_executor_plugin_slurm",
    "torch._dynamo",
    "torchvision",
    "mlflow",
    "open_clip",
    "cv2",
    "av",
    "matplotlib.figure",
)
COMMANDS = ("snakemake", "tcclip", "dvc")
WARM = ["-P", "-m", "tcclip.workflow.warm"]
MOST = 1 << 20  # bytes of an order: arguments and environment


def runs(command: Sequence[str]) -> bool:
    """Whether a command is one of those that are forked."""
    return command[0] in COMMANDS


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As subprocess.run with both streams of the command in stdout."""
    script = str(Path(sys.executable).parent / command[0])
    address, _ = _server()
    with open(os.devnull) as nothing, tempfile.NamedTemporaryFile() as output:  # a file: who stays behind has it too
        streams = (nothing.fileno(), output.fileno(), output.fileno())
        with ask(address, [script, *command[1:]], folder, environment, streams) as server:
            code = code_of(server)
        said = Path(output.name).read_text(encoding="utf-8", errors="replace")
    return subprocess.CompletedProcess(list(command), code, said)


def search_path() -> str:
    """A folder whose `snakemake` asks this process's server: for scripts and commands that start Snakemake."""
    address, _ = _server()
    return _folder(address)


@functools.cache
def _folder(address: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="preloaded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    script = Path(sys.executable).parent / "snakemake"
    command = shlex.join([sys.executable, "-IS", __file__, "ask", address, str(script)])
    (folder / "snakemake").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    (folder / "snakemake").chmod(0o755)
    return str(folder)


def ask(
    address: str, argv: list[str], folder: Path, environment: Mapping[str, str], streams: Sequence[int]
) -> socket.socket:
    """Let the server at an abstract address fork for a command; the connection says how that ends."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.connect(f"\0{address}")
    order = {"argv": argv, "folder": str(folder), "environment": dict(environment)}
    socket.send_fds(server, [json.dumps(order).encode()], list(streams))
    return server


def code_of(server: socket.socket) -> int:
    """The exit code of the command, when it has ended."""
    return int.from_bytes(server.recv(4), "little", signed=True)


@functools.cache
def _server() -> tuple[str, socket.socket]:
    """The address of this process's server, and the connection with which both end."""
    address = f"preloaded-{os.getpid()}-{time.monotonic_ns()}"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0{address}")
        listener.listen()
        given = (listener.fileno(), theirs.fileno())
        command = [sys.executable, "-I", __file__, "serve", *map(str, given)]
        subprocess.Popen(command, pass_fds=given, stdin=subprocess.DEVNULL)
    return address, ours


def serve(listener: socket.socket, owner: socket.socket) -> dict[str, object] | None:
    """Fork for each order; returns in every fork with what it shall do, and None when the owner has ended."""
    commands: dict[int, socket.socket] = {}  # process id of the fork -> the connection that waits for it
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    while True:
        ready = select.select([listener, owner, ended, *commands.values()], [], [])[0]
        if owner in ready:
            return None
        if ended in ready:
            os.read(ended, 4096)
            _report_ended(commands)
        for process, command in commands.items():
            if command in ready:  # it says nothing while it waits: it is gone
                os.kill(process, signal.SIGTERM)
        if listener in ready:
            command, _ = listener.accept()
            message, streams, *_ = socket.recv_fds(command, MOST, 3)
            process = os.fork()
            if not process:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (listener, owner, command, *commands.values()):
                    other.close()
                for target, stream in enumerate(streams):
                    os.dup2(stream, target)
                    os.close(stream)
                order: dict[str, object] = json.loads(message)
                return order
            for stream in streams:
                os.close(stream)
            commands[process] = command


def _report_ended(commands: dict[int, socket.socket]) -> None:
    while commands:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with commands.pop(process) as command, contextlib.suppress(OSError):
            command.send(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))


def become(argv: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Go on as `argv` in `folder`."""
    atexit._clear()  # what libraries want done at the end of the server (torch: a tenth of a second)
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    for function in (logging.shutdown, multiprocessing.util._exit_function):  # type: ignore[attr-defined]
        atexit.register(function)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    named = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [str(Path(argv[0]).parent), *named]
    sys.argv = argv
    for customized in (Path(path) / "sitecustomize.py" for path in named):
        if customized.is_file():  # which Python itself runs first
            runpy.run_path(str(customized))
    if Path(argv[0]).name == "snakemake" and "-n" not in argv:
        fork_warm_server()
    _end_with(functools.partial(runpy.run_path, argv[0], run_name="__main__"))


def fork_warm_server() -> None:
    """Let a fork of this process, as it is now, be what Snakemake starts as its warm server."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        ours.close()
        order, listener, *_ = socket.recv_fds(theirs, MOST, 1)
        if not order:  # Snakemake has ended without a job
            os._exit(0)
        os.setsid()
        sys.argv, environment = json.loads(order)
        sys.argv[2] = str(listener[0])
        os.environ.clear()
        os.environ.update(environment)
        _end_with(functools.partial(runpy.run_module, WARM[-1], run_name="__main__", alter_sys=True))
    theirs.close()
    plain = subprocess.Popen.__init__

    def popen(self: Any, command: Any, *others: Any, **options: Any) -> None:
        if not isinstance(command, list) or command[1:4] != WARM:
            return plain(self, command, *others, **options)
        socket.send_fds(ours, [json.dumps([command[3:], dict(options["env"])]).encode()], options["pass_fds"])
        self.returncode = 0  # nobody waits for its end

    subprocess.Popen.__init__ = popen  # type: ignore[method-assign]


def _end_with(work: Callable[[], object]) -> NoReturn:
    """Do the work, and end as Python does, less taking to pieces what was imported."""
    code: object = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # type: ignore[arg-type]


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        code = code_of(ask(sys.argv[2], sys.argv[3:], Path.cwd(), os.environ, (0, 1, 2)))
        sys.exit(code if code >= 0 else 128 - code)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # as tcclip does before it imports MLflow
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # looking through it for garbage would take long, and copy it
    asked = serve(*(socket.socket(fileno=int(number)) for number in sys.argv[2:]))
    if asked is not None:
        become(**asked)  # type: ignore[arg-type]
