"""A warm start for the many short jobs of a local workflow: one process has the libraries loaded, each job is its fork.

Loading torch and what follows costs a job three to five seconds of a core, and expanding the plan most of another one;
a fork of a process that has done both starts in a few milliseconds. `make tables` or Snakemake's main process starts
the server (`workflow.warm_start`) and names its socket in TCCLIP_WARM; the `tcclip` command (`cli.start`) then asks it
for a fork with its own arguments, environment, folder and output. Without a server the command runs in its own process
as it always can.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import logging
import multiprocessing.util
import os
import pkgutil
import select
import shutil
import signal
import socket
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from tcclip.errors import UserError
from tcclip.params.kinds.axes import AXES
from tcclip.params.reader import versions
from tcclip.plan import load_plan, plan_with_seeds
from tcclip.stages import all_stages, fingerprint
from tcclip.workflow.request import Request, receive

POLL_SECONDS = 1.0  # how soon the server ends after its owner


def load(suite: str, seeds: str = "") -> object:
    """Import what the jobs import, and work out what all of them ask for: the plans of `suite`, hashes, the commands.

    Returns the versions of params that the plans are of.
    """
    importlib.import_module("tcclip.cli.app")
    stages = all_stages()
    for stage in vars(stages).values():
        for name in getattr(stage, "HEAVY", ()):
            importlib.import_module(name)
    for package in map(importlib.import_module, AXES.values()):  # a job imports those of its method
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(Exception):  # the job that needs it says it
                importlib.import_module(module.name)
    for job in (stages.train, stages.evaluate):  # they record it; it is of the code that was just loaded
        fingerprint.code(*job.CODE, *AXES.values())
    importlib.import_module("tcclip.process.environment").software()
    importlib.import_module("tcclip.cli.app").command_line()
    planned = versions()  # before the plan, so that a change while it is made is noticed
    with contextlib.suppress(UserError, ImportError):  # each job says it
        for plan in {load_plan(suite), plan_with_seeds(suite, seeds)}:
            plan.prepare()
            if not all(file.exists() for file in stages.tokens.outputs(plan)):  # each job makes its texts' ids itself
                importlib.import_module("tcclip.models.tokens").tokenizer()
    return planned


def serve(path: Path, listener: socket.socket, owner: int, suite: str, seeds: str) -> None:
    """Fork for every request at `path`, where `listener` is, until process `owner` is gone."""
    commands: dict[int, socket.socket] = {}  # process id of the fork -> the command that waits for it
    try:
        process = psutil.Process(owner)
        with _ending_with(process):
            planned = load(suite, seeds)
            importlib.import_module("tcclip.data.clips.kept").begin()
        gc.collect()
        _serve(listener, process, planned, commands)
    except psutil.NoSuchProcess:
        pass
    finally:
        for fork in commands:
            os.kill(fork, signal.SIGTERM)
        shutil.rmtree(path.parent, ignore_errors=True)


@contextlib.contextmanager
def _ending_with(owner: psutil.Process) -> Iterator[None]:
    """End this process when its owner has ended, in the middle of whatever takes long in the block."""

    def look(_number: int, _frame: FrameType | None) -> None:
        if not _is_there(owner):
            sys.exit()

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, POLL_SECONDS, POLL_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # in between
        return False


def _serve(listener: socket.socket, owner: psutil.Process, planned: object, commands: dict[int, socket.socket]) -> None:
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noticed)
    while _is_there(owner):
        ready = select.select(list[Any]([listener, ended, *commands.values()]), [], [], POLL_SECONDS)[0]
        if listener in ready:
            command, _ = listener.accept()
            try:
                request = receive(command)
            except ConnectionError:  # it has ended already
                command.close()
            else:
                commands[_fork(command, request, planned, [listener, *commands.values()])] = command
        if ended in ready:
            os.read(ended, 4096)
            _report_ended(commands)
        for process, command in commands.items():
            if command in ready:  # a command says nothing while it waits: it is gone
                os.kill(process, signal.SIGTERM)


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """SIGCHLD needs a handler to wake the server."""


def _fork(command: socket.socket, request: Request, planned: object, others: list[socket.socket]) -> int:
    """A process that does what `command` asks and leaves the `others` alone; its id."""
    process = os.fork()
    if process:
        for stream in request.streams:
            os.close(stream)
        with contextlib.suppress(OSError):
            command.sendall(process.to_bytes(4, "little"))
        return process
    code = 1
    try:
        gc.freeze()  # what is there stays: looking through it for garbage would take long, and copy it
        _leave_exit_functions()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for other in others:
            other.close()
        code = _do(request, planned)
    finally:
        # Private to Python, but nothing public does it: os._exit runs no exit functions, and SystemExit would go up to
        # the server's loop. multiprocessing ends its own forks with these two calls from Python 3.13 on.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # leaves the server's own way out to the server


def _leave_exit_functions() -> None:
    """Leave to the server what its libraries want done at the end of its process (torch: a tenth of a second).

    A job's own exit functions run, and those of what it uses. Nothing public does it; multiprocessing's forks begin
    with the first call from Python 3.13 on.
    """
    atexit._clear()
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    for function in (logging.shutdown, multiprocessing.util._exit_function):  # type: ignore[attr-defined]
        atexit.register(function)


def _do(request: Request, planned: object) -> int:
    """Run the command line in the asking command's place; its exit code."""
    for target, source in enumerate(request.streams):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    forget_unless(planned)
    sys.argv = ["tcclip", *request.arguments]
    from tcclip.cli.app import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def forget_unless(planned: object) -> None:
    """Forget the plan that is there unless the files of params are still those `planned`."""
    if versions() != planned:
        load_plan.cache_clear()


def _report_ended(commands: dict[int, socket.socket]) -> None:
    """Give every command whose fork has ended its exit code."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            return
        code = os.waitstatus_to_exitcode(status)
        with commands.pop(process) as command, contextlib.suppress(OSError):
            command.sendall((code if code >= 0 else 128 - code).to_bytes(4, "little"))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]), *sys.argv[4:])
