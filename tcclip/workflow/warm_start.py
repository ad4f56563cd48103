"""Starting the warm server (`tcclip.workflow.warm`): by `make tables` for all that it calls, else by Snakemake.

`python -m tcclip.workflow.warm_start SUITE OWNER` prints the socket of a server that ends with process OWNER. The
socket is there before the server has loaded anything, so that commands which come early wait for it instead of loading
everything themselves. Beside it lies a `tcclip` for its jobs, whose start takes a third of the installed one's.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import tcclip
from tcclip.cli.start import WARM_COMMAND
from tcclip.process.handover import SOCKET, answers
from tcclip.process.sockets import short_name

WAITING = 64  # commands that may wait while the server is loading
TUNABLES = "GLIBC_TUNABLES"
HUGE_PAGES = (
    "glibc.malloc.hugetlb=1"  # the kernel's transparent ones: a fork has a hundredth of the entries to copy, and
)
# a job half of the page faults; together a twentieth of a short job


def server_for_jobs(suite: str, seeds: str = "") -> None:
    """Name a server's socket in the environment of this process's jobs: one that is there already, or a new one.

    seeds: as they were typed; jobs of single runs are told nothing of them.
    """
    if not answers(os.environ.get(SOCKET)):
        os.environ[SOCKET] = str(start_server(suite, seeds, os.getpid()))
    os.environ["PATH"] = os.pathsep.join([str(Path(os.environ[SOCKET]).parent), os.environ.get("PATH", os.defpath)])


def start_server(suite: str, seeds: str, owner: int) -> Path:
    """Start a server for jobs of `suite` that ends with process `owner`; its socket."""
    path = Path(tempfile.mkdtemp(prefix="tcclip-")) / "warm"  # readable by this user alone
    write_command(path.with_name("tcclip"))
    with socket.socket(socket.AF_UNIX) as listener:
        with short_name(path) as name:
            listener.bind(name)
        listener.listen(WAITING)
        number = listener.fileno()
        command = [sys.executable, "-P", "-m", "tcclip.workflow.warm", str(path), str(number), str(owner), suite, seeds]
        tunables = ":".join(filter(None, [os.environ.get(TUNABLES), HUGE_PAGES]))
        subprocess.Popen(
            command,
            pass_fds=[number],
            stdout=sys.stderr,  # it says nothing but what goes wrong, and nobody shall wait for its end
            env={**os.environ, TUNABLES: tunables},
            start_new_session=True,  # Ctrl-C reaches the commands, and they tell their forks
        )
    return path


def write_command(file: Path) -> None:
    """Write the `tcclip` that asks a server, and imports next to nothing for it."""
    python, package = sys.executable, str(Path(tcclip.__file__).parents[1])
    file.write_text(WARM_COMMAND.format(python=python, package=package), encoding="utf-8")
    file.chmod(0o700)


if __name__ == "__main__":
    print(start_server(sys.argv[1], "", int(sys.argv[2])))
