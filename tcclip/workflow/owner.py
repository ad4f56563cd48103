"""Which Snakemake works in this folder: a file that it leaves while it runs, for whoever cannot see its process.

Snakemake's own lock says nothing of who holds it, and in a shared folder it may be a process of another node, of
another container or of another user.
"""

from __future__ import annotations

import atexit
import getpass
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tcclip.process.files import write_json
from tcclip.provenance.snakemake_metadata import FOLDER

FILE = FOLDER / "tcclip_owner.json"
NAMESPACE = Path("/proc/self/ns/pid")  # containers of one host may have its name, and numbers of their own


@dataclass(frozen=True)
class Owner:
    """The process that works in a folder."""

    pid: int
    born: float  # seconds since 1970
    user: str
    host: str
    namespace: str  # in which `pid` counts

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}"

    def is_seen(self) -> bool:
        """Whether this process can know if that one runs."""
        return (self.host, self.namespace) == (platform.node(), _namespace())

    def runs(self) -> bool:
        """Whether it does, if it `is_seen`; a process whose age is kept secret does."""
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.born) < 1
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def say_who_works() -> None:
    """Leave the file until this process ends; a killed one leaves it, as it leaves its lock."""
    own = _this_process()
    write_json(FILE, asdict(own))
    atexit.register(_remove, own)


def who_works() -> Owner | None:
    """What the file says; None where there is none, or of another version."""
    try:
        return Owner(**json.loads(FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _remove(own: Owner) -> None:
    if who_works() == own:
        FILE.unlink(missing_ok=True)


def _this_process() -> Owner:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        user = f"user {os.getuid()}"
    return Owner(os.getpid(), psutil.Process().create_time(), user, platform.node(), _namespace())


def _namespace() -> str:
    return str(NAMESPACE.readlink()) if NAMESPACE.is_symlink() else ""
