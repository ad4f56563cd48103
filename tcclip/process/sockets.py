"""Unix sockets below a long TMPDIR: their names end after 107 bytes, those of files do not.

A process that opens a folder can name what is in it by its own number, /proc/PID/fd/N/NAME, which is short.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LONGEST = 107 if sys.platform == "linux" else 103  # bytes of a socket's name (sys/un.h)
ADDED = 40  # bytes that multiprocessing adds to the temporary folder: pymp-XXXXXXXX/listener-XXXXXXXX


@contextlib.contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name of the socket at `path` that is short enough, within the block."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def shorten_temporary_folder() -> None:
    """Give the temporary folder a short name in this process and its forks, where sockets in it would be too long.

    Loader workers hand over clips through such sockets; with a name that is too long they wait for ever. The folder
    stays open as long as the process lives.
    """
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) + ADDED > LONGEST and sys.platform == "linux":
        tempfile.tempdir = f"/proc/{os.getpid()}/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}"
