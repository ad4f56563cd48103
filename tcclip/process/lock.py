"""One process at a time: a lock that ends with its holder, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tcclip.errors import UserError


@contextlib.contextmanager
def alone(lock: Path, busy: str) -> Iterator[None]:
    """Hold `lock` for the block; if another process holds it, a UserError with the sentence `busy`.

    `{holder}` in the sentence becomes the other process: "process 12 on node3". The system ends the hold with the
    process; a file that a killed process left holds nothing.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _held(lock, busy) as file:
        file.truncate(0)
        with contextlib.suppress(OSError):  # on a full disk it holds without a name
            file.write(f"process {os.getpid()} on {platform.node()}\n".encode())
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _held(lock: Path, busy: str) -> IO[bytes]:
    """The lock file, open and locked; asked for again if its holder ended and removed it meanwhile."""
    while True:
        file = open(lock, "ab+", buffering=0)  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with file:
                file.seek(0)
                holder = file.read().decode(errors="replace").strip() or "an unknown process"
            raise UserError(busy.replace("{holder}", holder)) from error
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()
