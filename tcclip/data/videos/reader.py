"""Reading video files: three functions before PyAV and decord.

PyAV reads in order, from the start, what a player shows; it decides what the frames of a video are, and for whole
videos it is the faster one too (docs/performance.md). decord fetches a few frames by their numbers where seeking.py
says that they are the same ones. Frames are upright RGB (a container's rotation and mirroring are done), and
BrokenVideoError says where a file does not decode. A decoder may hang for ever in native code, so files of unknown
quality are read in a process with a time limit, see decoding.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.orientation import Orientation

READERS = ("pyav", "decord")  # of files
OF_PICTURES = "pictures"  # the reader of folders


class BrokenVideoError(Exception):
    """A file, or the rest of it, cannot be decoded; the text is the reason in the decoder's words, on one line."""


@dataclass(frozen=True)
class DecodedFrame:
    """A decoded frame; making its picture may take as long again as decoding it."""

    time: int | None  # when it is shown, in the stream's units
    key: bool  # decoding may begin here
    picture: Callable[[], NDArray[np.uint8]]  # RGB (H, W, 3), upright, of the first frame's size


@dataclass(frozen=True)
class VideoInfo:
    """What the container announces, which may be wrong."""

    frames: int
    estimated: bool  # the container does not count frames (mkv, webm)
    fps: float
    width: int  # of the upright picture
    height: int
    codec: str
    container: str
    rotation: int  # degrees, clockwise, that the container asks for; readers have done it
    mirrored: bool = False  # left and right change places after that; done, too


def probe(path: Path) -> VideoInfo:
    """What the container says about the stream that is the video; BrokenVideoError if there is none."""
    from tcclip.data.videos import pictures_reader
    from tcclip.data.videos.survey import survey

    return pictures_reader.probe(path) if path.is_dir() else survey(path).info


def opens(path: Path) -> bool:
    """Whether a video is opened, without looking further."""
    import av

    from tcclip.data.videos.survey import open_file, video_stream

    if path.is_dir():
        return True
    try:
        with open_file(path) as container:
            return bool(video_stream(container))
    except (av.FFmpegError, BrokenVideoError):
        return False


def read_all(path: Path, reader: str = "pyav") -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3); BrokenVideoError at the first one that does not decode.

    With `reader` "decord" by decord, if its frames are known to be right.
    """
    from tcclip.data.videos import decord_reader, pictures_reader, pyav_reader, seeking
    from tcclip.data.videos.survey import survey

    if path.is_dir():
        return pictures_reader.read_all(path)
    if reader == "decord" and seeking.in_order(found := survey(path)):
        frames = decord_reader.read_all(path, found.orientation)
        try:
            return itertools.chain([next(frames)], frames)
        except BrokenVideoError:
            pass
    return pyav_reader.read_all(path)


def read_clip(
    path: Path, indices: Sequence[int], reader: str = "pyav", orientation: Orientation | None = None
) -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame.

    `reader` is that of the scan. "decord" is for files of which seeking.py has said that it is right; where it fails
    all the same, PyAV reads. It wants to know the orientation, and looks it up if it is not given.
    """
    from tcclip.data.videos import pictures_reader, pyav_reader

    if reader == OF_PICTURES or path.is_dir():
        return pictures_reader.read_clip(path, indices)
    if reader == "decord":
        from tcclip.data.videos import decord_reader
        from tcclip.data.videos.survey import first_orientation

        try:
            return decord_reader.read_clip(path, indices, orientation or first_orientation(path))
        except BrokenVideoError:
            pass
    return pyav_reader.read_clip(path, indices)


def one_line(error: BaseException) -> str:
    """An error's text without line breaks, cut to a length that fits a table."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."
