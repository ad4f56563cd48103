"""Frames by decord with one thread: more threads grow in memory without bound if the consumer is slow (decord #157).

It is right for the files of which seeking.py says so, and needs to be told their orientation: it turns pictures and
does not mirror them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import decord
import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.orientation import Orientation, after_decord
from tcclip.data.videos.reader import BrokenVideoError, one_line

decord.logging.set_level(decord.logging.QUIET)

FAILURES = (decord.DECORDError, decord._ffi.base.DECORDLimitReachedError, RuntimeError, StopIteration)
NO_REPEATS = 1e-9  # of the frames may be copies of their neighbours, which decord gives where it finds no others


def read_all(path: Path, orientation: Orientation) -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3)."""
    reader = _open(path)
    try:
        for _ in range(len(reader)):
            yield after_decord(reader.next().asnumpy(), orientation)
    except FAILURES as error:
        raise BrokenVideoError(_reason(error)) from error


def read_clip(path: Path, indices: Sequence[int], orientation: Orientation) -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
    reader = _open(path)
    try:
        clip = np.asarray(reader.get_batch([min(index, len(reader) - 1) for index in indices]).asnumpy())
    except FAILURES as error:
        raise BrokenVideoError(_reason(error)) from error
    return np.stack([after_decord(frame, orientation) for frame in clip]) if orientation.mirrored else clip


def packets(path: Path) -> tuple[NDArray[np.float64], list[int]]:
    """The times of all packets in seconds after the first one, sorted, and which, in file order, are key frames."""
    reader = _open(path)
    times = reader.get_frame_timestamp(range(len(reader)))[:, 0]
    return np.asarray(times, dtype=np.float64), [int(key) for key in reader.get_key_indices()]


def _open(path: Path) -> decord.VideoReader:
    try:
        reader = decord.VideoReader(str(path), num_threads=1, fault_tol=NO_REPEATS)
    except FAILURES as error:
        raise BrokenVideoError(_reason(error)) from error
    if len(reader) == 0:
        raise BrokenVideoError("no frames")
    return reader


def _reason(error: BaseException) -> str:
    """The last part of decord's text; what stands before are time stamps and source lines of its build."""
    return one_line(error).rsplit("] ", 1)[-1]
