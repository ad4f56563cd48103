"""Reading video files: decord first, PyAV as the fallback, behind three functions.

A reader is a module with `read_all(path)` and `read_clip(path, indices)`; both give upright RGB frames (the rotation
that phones write into the container is applied) and raise BrokenVideoError where the file does not decode. A call of
decord may hang for ever in native code (a container that announces more frames than it has), so files of unknown
quality are read in a process with a time limit, see decoding.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

READERS = ("decord", "pyav")  # of files, in the order of trying
OF_PICTURES = "pictures"  # the reader of folders


class BrokenVideoError(Exception):
    """A file, or the rest of it, cannot be decoded; the text is the reason in the decoder's words, on one line."""


@dataclass(frozen=True)
class VideoInfo:
    """What the container announces, which may be wrong."""

    frames: int
    estimated: bool  # the container does not count frames (mkv, webm): `frames` is its duration times the rate
    fps: float
    width: int  # of the upright picture
    height: int
    codec: str
    container: str
    rotation: int  # degrees, clockwise, that the container asks for; readers have done it


def probe(path: Path) -> VideoInfo:
    """What the container says about its first video stream; BrokenVideoError if there is none."""
    from tcclip.data.videos import pictures_reader, pyav_reader

    return pictures_reader.probe(path) if path.is_dir() else pyav_reader.probe(path)


def readers_of(path: Path) -> tuple[str, ...]:
    """The readers of a video, in the order of trying: those of files, or the one of a folder of pictures."""
    return (OF_PICTURES,) if path.is_dir() else READERS


def read_all(path: Path, reader: str = "decord") -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3); BrokenVideoError at the first one that does not decode."""
    return _module(reader).read_all(path)


def read_clip(path: Path, indices: Sequence[int], reader: str = "decord") -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3), by `reader` or, where that fails, by PyAV.

    An index past the end gives the last frame.
    """
    try:
        return _module(reader).read_clip(path, indices)
    except BrokenVideoError:
        if reader == OF_PICTURES:
            raise
        return _module("pyav").read_clip(path, indices)


def one_line(error: BaseException) -> str:
    """An error's text without line breaks, cut to a length that fits a table."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


class _Reader(Protocol):
    def read_all(self, path: Path) -> Iterator[NDArray[np.uint8]]: ...

    def read_clip(self, path: Path, indices: Sequence[int]) -> NDArray[np.uint8]: ...


def _module(reader: str) -> _Reader:
    if reader == "decord":
        from tcclip.data.videos import decord_reader

        return decord_reader
    if reader == OF_PICTURES:
        from tcclip.data.videos import pictures_reader

        return pictures_reader
    from tcclip.data.videos import pyav_reader

    return pyav_reader
