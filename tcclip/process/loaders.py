"""What a person is told, not in torch's words, when a process that loads clips was ended or had no room for them."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing.synchronize
import traceback
from collections.abc import Iterator
from typing import NoReturn

from tcclip.errors import UserError

ENDED = "DataLoader worker (pid"  # how torch begins to say that such a process is no more
NO_ROOM = "shared memory"  # through which clips go from process to process; torch says so of one that does not fit
WITHOUT = (
    "`loader_workers: 0` below `machine:` in the suite's file of params/suites/ loads clips without such processes, "
    "to the same results"
)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A UserError in the place of what torch raises in the block about processes that load clips."""
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        if NO_ROOM in said:
            _no_room(error)
        if ENDED in said:
            raise UserError(
                f"a process that loads clips was ended ({said.splitlines()[0].strip(' .')}), usually because memory "
                f"ran out: run fewer jobs at a time, or {WITHOUT}"
            ) from error
        raise
    except OSError as error:
        files = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
        if error.errno == errno.ENOSPC and multiprocessing.synchronize.__file__ in files:  # locks lie there too
            _no_room(error)
        raise


def _no_room(error: Exception) -> NoReturn:
    raise UserError(
        "/dev/shm is too small for the clips that are being loaded: make it larger (of a container: "
        f"`docker run --shm-size 16g`), or {WITHOUT}"
    ) from error
