"""A warm server of this checkout, and commands that ask it."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TCCLIP = str(Path(sys.executable).parent / "tcclip")
OWNER = """
import os, sys
from tcclip.workflow.warm_start import start_server
print(start_server("mini", "", os.getpid()), flush=True)
sys.stdin.read()
"""
LIGHT = """
import os, signal, socket, sys, time
from pathlib import Path
from tcclip.workflow import warm, warm_code
version = warm_code.version(warm_code.files())
exec(sys.argv[4])
warm.serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]), "mini", "", version)
"""


@contextlib.contextmanager
def light_server(folder: Path, load: str, code: Path = ROOT) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """The socket in `folder`, and the process, of a server of `code` that does `load` instead of loading all."""
    path = folder / "tcclip-1" / "warm"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        words = [str(path), str(listener.fileno()), str(os.getpid()), load]
        server = subprocess.Popen(
            [sys.executable, "-P", "-c", LIGHT, *words],
            pass_fds=[listener.fileno()],
            env={**os.environ, "PYTHONPATH": str(code)},
            stderr=subprocess.DEVNULL,
        )
    try:
        yield path, server
    finally:
        server.kill()
        server.wait()


def tcclip(*arguments: str, server: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """What the installed command does, with a server or without one."""
    environment = {key: value for key, value in os.environ.items() if key != "TCCLIP_WARM"}
    if server:
        environment["TCCLIP_WARM"] = str(server)
    return subprocess.run([TCCLIP, *arguments], env=environment, text=True, capture_output=True, **options)


def without_seconds(said: str) -> list[str]:
    """The lines of a command's standard error, less the time that each ends with."""
    return [line.rsplit(",", 1)[0] for line in said.splitlines()]
