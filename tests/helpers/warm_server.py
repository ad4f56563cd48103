"""A warm server of this checkout, and commands that ask it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TCCLIP = str(Path(sys.executable).parent / "tcclip")
OWNER = """
import os, sys
from tcclip.workflow.warm_start import start_server
print(start_server("mini", "", os.getpid()), flush=True)
sys.stdin.read()
"""


def tcclip(*arguments: str, server: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """What the installed command does, with a server or without one."""
    environment = {key: value for key, value in os.environ.items() if key != "TCCLIP_WARM"}
    if server:
        environment["TCCLIP_WARM"] = str(server)
    return subprocess.run([TCCLIP, *arguments], env=environment, text=True, capture_output=True, **options)


def without_seconds(said: str) -> list[str]:
    """The lines of a command's standard error, less the time that each ends with."""
    return [line.rsplit(",", 1)[0] for line in said.splitlines()]
