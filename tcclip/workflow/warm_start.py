"""Starting the warm server (`tcclip.workflow.warm`): by `make tables` for all that it calls, else by Snakemake.

`python -m tcclip.workflow.warm_start SUITE OWNER` prints the socket of a server that ends with process OWNER, and ends
its jobs then. The socket is there before the server has loaded anything, so that commands which come early wait for it
instead of loading everything themselves. Beside it lies a `tcclip` for its jobs, which starts in half the time of the
installed one.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import tcclip
from tcclip.process.handover import SOCKET, answers
from tcclip.process.sockets import short_name
from tcclip.workflow import warm_code

WAITING = 64  # commands that may wait while the server is loading
TUNABLES = "GLIBC_TUNABLES"
# The kernel's transparent ones: less of the server's page table to copy, and half of a job's page faults.
HUGE_PAGES = "glibc.malloc.hugetlb"
# What Python's `site` and installed scripts import is more than half of a command's start; -S leaves out `site`.
COMMAND = "import sys; sys.path.insert(0, {package!r}); from tcclip.cli.start import hand_over; hand_over()"


def server_for_jobs(suite: str, seeds: str = "") -> None:
    """Name a server's socket in the environment of this process's jobs: one of `make tables`, or a new one.

    seeds: as they were typed; jobs of single runs are told nothing of them. Where no server can be, jobs run by
    themselves.
    """
    there = os.environ.get(SOCKET)
    if not (there and answers(there) and _is_ours(Path(there), suite, seeds)):
        there = start_server(suite, seeds, os.getpid())
    os.environ[SOCKET] = there
    if there:
        os.environ["PATH"] = os.pathsep.join([str(Path(there).parent), os.environ.get("PATH", os.defpath)])


def start_server(suite: str, seeds: str, owner: int) -> str:
    """Start a server for jobs of `suite` that ends with process `owner`; its socket, or "" where there can be none."""
    if sys.platform != "linux":  # on macOS a process whose frameworks have begun must not be forked
        return ""
    with contextlib.suppress(OSError):  # a full disk, or a file system without sockets, for two
        folder = Path(tempfile.mkdtemp(prefix="tcclip-"))  # readable by this user alone
        try:
            _start(folder / "warm", suite, seeds, owner)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return str(folder / "warm")
    return ""


def _start(path: Path, suite: str, seeds: str, owner: int) -> None:
    version = warm_code.version(warm_code.files())  # before the server imports anything
    command_file(path).write_bytes(_command(suite, seeds, version))
    command_file(path).chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        with short_name(path) as name:
            listener.bind(name)
        listener.listen(WAITING)
        number = listener.fileno()
        words = [str(path), str(number), str(owner), suite, seeds, version]
        tunables = os.environ.get(TUNABLES, "")
        if HUGE_PAGES not in tunables:
            tunables = ":".join(filter(None, [tunables, f"{HUGE_PAGES}=1"]))
        subprocess.Popen(
            [sys.executable, "-P", "-m", "tcclip.workflow.warm", *words],
            pass_fds=[number],
            stdout=sys.stderr,  # it says nothing but what goes wrong, and nobody shall wait for its end
            env={**os.environ, TUNABLES: tunables},
            start_new_session=True,  # Ctrl-C reaches the commands, and they tell their forks
        )


def command_file(path: Path) -> Path:
    """The `tcclip` beside the socket at `path`."""
    return path.with_name("tcclip")


def _is_ours(path: Path, suite: str, seeds: str) -> bool:
    """Whether the server at `path` has this checkout's code as it is now, this Python, and the plan of `suite`."""
    with contextlib.suppress(OSError):
        head = _head(suite, seeds, warm_code.version(warm_code.files()))
        return command_file(path).read_bytes().startswith(head)
    return False


def _head(suite: str, seeds: str, version: str) -> bytes:
    """The first lines of a server's `tcclip`: what it is for. A Python has several names, and one folder."""
    words = [suite, seeds, str(Path(sys.prefix).resolve()), _package(), version]
    return os.fsencode(f"#!/bin/sh\n# {shlex.join(words)}\n")


def _command(suite: str, seeds: str, version: str) -> bytes:
    """A `tcclip` that asks a server, and imports next to nothing for it; by a shell, whose files may have any name."""
    asked = shlex.join([sys.executable, "-IS", "-c", COMMAND.format(package=_package())])
    return _head(suite, seeds, version) + os.fsencode(f'exec {asked} "$@"\n')


def _package() -> str:
    return str(Path(tcclip.__file__).parents[1])


if __name__ == "__main__":
    print(start_server(sys.argv[1], "", int(sys.argv[2])))
