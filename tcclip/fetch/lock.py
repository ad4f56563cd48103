"""One download of a dataset at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tcclip.errors import UserError


@contextlib.contextmanager
def locked(folder: Path, dataset: str) -> Iterator[None]:
    """Keep `folder` for this process; the lock ends with it, however it ends.

    UserError if another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UserError(
                f"another download of {dataset} is running here (process {file.read().strip() or 'unknown'}): "
                "wait for it, or stop it and run the same command again"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
