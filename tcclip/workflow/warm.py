"""A warm start for the many short jobs of a local workflow: one process has the libraries loaded, each job is its fork.

Loading torch and what follows costs a job three to five seconds of a core, and expanding the plan most of another one;
a fork of a process that has done both starts in a few milliseconds. `make tables` or Snakemake's main process starts
the server (`workflow.warm_start`) and names its socket in TCCLIP_WARM; the `tcclip` command (`cli.start`) then asks it
for a fork with its own arguments, environment, folder and output. Without a server the command runs in its own process
as it always can.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import psutil

from tcclip.workflow import warm_code
from tcclip.workflow.request import receive
from tcclip.workflow.warm_fork import forked
from tcclip.workflow.warm_load import load

POLL_SECONDS = 1.0  # how soon the server ends after its owner
CHANGED = "Code of tcclip has changed meanwhile: each job now loads it anew, until Snakemake is started again"


class Loaded(NamedTuple):
    """What the server has, as long as it is of the files that are there."""

    code: warm_code.Files
    params: object  # `params.reader.versions`, which the plans are of


def serve(path: Path, listener: socket.socket, owner: int, suite: str, seeds: str, version: str) -> None:
    """Fork for every request at `path`, where `listener` is, until process `owner` is gone.

    version: of the code when the server was started (`warm_code.version`), before it imported anything.
    """
    commands: dict[int, socket.socket] = {}  # process id of the fork -> the command that waits for it
    try:
        process = psutil.Process(owner)
        code = warm_code.files()
        if warm_code.version(code) != version:
            return
        with _ending_with(process):
            loaded = Loaded(code, load(suite, seeds))
            importlib.import_module("tcclip.data.clips.kept").begin()
        gc.collect()
        _serve(listener, process, loaded, commands)
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


def _serve(listener: socket.socket, owner: psutil.Process, loaded: Loaded, commands: dict[int, socket.socket]) -> None:
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noticed)
    while _is_there(owner):
        sockets = [listener, *commands.values()]
        ready = select.select(list[Any]([ended, *filter(_is_open, sockets)]), [], [], POLL_SECONDS)[0]
        if listener in ready:
            _answer(listener, loaded, commands)
        if ended in ready:
            os.read(ended, 4096)
            _report_ended(commands)
        for process, command in commands.items():
            if command in ready:  # a command says nothing while it waits: it is gone
                os.kill(process, signal.SIGTERM)
                command.close()  # its fork is told once


def _is_open(connection: socket.socket) -> bool:
    return connection.fileno() >= 0


def _answer(listener: socket.socket, loaded: Loaded, commands: dict[int, socket.socket]) -> None:
    """Fork for the next command; one that gets no fork runs by itself, with the code that lies there now.

    Once that is another than what was loaded nobody is listened to any more: a fork would do its job with the old code,
    beside modules that it imports later, and Snakemake and the record of its results would name the new one.
    """
    if not _is_there_still(loaded.code):
        print(CHANGED, flush=True)
        listener.close()
        return
    try:
        command, _ = listener.accept()
    except OSError:  # it has ended already
        return
    try:
        with receive(command) as request:
            process = forked(request, loaded.params, [listener, *commands.values()])
    except (OSError, ValueError):  # it has ended by now or is no command, or there is no memory for a fork
        command.close()
        return
    commands[process] = command
    with contextlib.suppress(OSError):
        command.sendall(process.to_bytes(4, "little"))


def _is_there_still(code: warm_code.Files) -> bool:
    with contextlib.suppress(OSError):
        return warm_code.files() == code
    return False


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """SIGCHLD needs a handler to wake the server."""


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
