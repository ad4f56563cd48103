"""Pictures of clips that another job of the same workflow has made.

A clip follows from its video, seed, epoch and the settings of its reading, and most systems share these: of the mini
suite's 112,000 training clips 10,400 differ. They are kept in a file without a name, which is gone with the last
process that has it open; the warm server (`tcclip.workflow.warm`) begins it, and its forks share it. Each clip has one
place there, by its key, which a later clip of the same place takes over.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.frames import FrameSource

PLACES = 16_384
PLACE = 80 * 1024  # bytes: a clip of 8 frames of 56 pixels; larger ones are not kept
SPARE = 2  # times as much as all places is free where clips are kept
MARK = 16  # bytes of a hash of a clip's key, before its pictures

_files: list[int] = []  # descriptor of the file, where there is one


def key_of(store: FrameSource, *settings: object) -> str:
    """What clips of a dataset depend on beside their video: its frames as they are now, and `settings`."""
    index = (store.folder / "index.parquet").stat()
    return repr((str(store.folder.resolve()), index.st_ino, index.st_mtime_ns, *settings))


def begin() -> None:
    """Keep the clips of this process and of those that it forks, if the temporary folder has plenty of space."""
    with contextlib.suppress(OSError):  # without such a folder each clip is made again
        if shutil.disk_usage(tempfile.gettempdir()).free < SPARE * PLACES * PLACE:
            return
        with tempfile.TemporaryFile(prefix="tcclip-clips-") as file:
            _files[:] = [os.dup(file.fileno())]


def kept(key: str, shape: tuple[int, ...], make: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures uint8 of `shape` that `key` names: those that are kept, otherwise those that `make` makes."""
    size = math.prod(shape)
    if not _files or MARK + size > PLACE:
        return make()
    mark = hashlib.blake2b(key.encode(), digest_size=MARK).digest()
    place = int.from_bytes(mark[:8], "little") % PLACES * PLACE
    found = b""
    with contextlib.suppress(OSError), _alone(place, fcntl.LOCK_SH):
        found = os.pread(_files[0], MARK + size, place)
    if found[:MARK] == mark and len(found) == MARK + size:
        return np.frombuffer(found, dtype=np.uint8, offset=MARK).reshape(shape)
    pictures = make()
    with contextlib.suppress(OSError), _alone(place, fcntl.LOCK_EX):  # a full disk keeps nothing
        os.pwrite(_files[0], bytes(MARK), place)  # no mark is before pictures that are not whole
        if os.pwrite(_files[0], pictures.tobytes(), place + MARK) == size:
            os.pwrite(_files[0], mark, place)
    return pictures


@contextlib.contextmanager
def _alone(place: int, how: int) -> Iterator[None]:
    """No other process writes (LOCK_SH) or reads (LOCK_EX) a place within the block."""
    fcntl.lockf(_files[0], how, PLACE, place)
    try:
        yield
    finally:
        fcntl.lockf(_files[0], fcntl.LOCK_UN, PLACE, place)
