"""Frames by decord with one thread: more threads grow in memory without bound if the consumer is slow (decord #157)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import decord
import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.reader import BrokenVideoError, one_line

decord.logging.set_level(decord.logging.QUIET)


def read_all(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3)."""
    reader = _open(path)
    try:
        for _ in range(len(reader)):
            yield reader.next().asnumpy()
    except (decord.DECORDError, RuntimeError, StopIteration) as error:
        raise BrokenVideoError(_reason(error)) from error


def read_clip(path: Path, indices: Sequence[int]) -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
    reader = _open(path)
    try:
        return np.asarray(reader.get_batch([min(index, len(reader) - 1) for index in indices]).asnumpy())
    except (decord.DECORDError, RuntimeError) as error:
        raise BrokenVideoError(_reason(error)) from error


def _open(path: Path) -> decord.VideoReader:
    try:
        reader = decord.VideoReader(str(path), num_threads=1)
    except (decord.DECORDError, RuntimeError) as error:
        raise BrokenVideoError(_reason(error)) from error
    if len(reader) == 0:
        raise BrokenVideoError("no frames")
    return reader


def _reason(error: BaseException) -> str:
    """The last part of decord's text; what stands before are time stamps and source lines of its build."""
    return one_line(error).rsplit("] ", 1)[-1]
