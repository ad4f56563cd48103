"""Frames by PyAV, always from the start: slower than decord for a few frames, but it reads more files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.reader import BrokenVideoError, VideoInfo


def probe(path: Path) -> VideoInfo:
    """What the container says about its first video stream; BrokenVideoError if there is none."""
    try:
        with _open(path) as container:
            stream = _stream(container)
            codec, rate = stream.codec_context, float(stream.average_rate or 0)
            frames = stream.frames or round((container.duration or 0) / av.time_base * rate)
            rotation = _rotation(container, stream)
            width, height = (codec.width, codec.height)[:: -1 if rotation in (90, 270) else 1]
            name = _container(container.format.name, path)
            return VideoInfo(frames, stream.frames == 0, rate, width, height, codec.name, name, rotation)
    except av.FFmpegError as error:
        raise BrokenVideoError(error.strerror) from error


def read_all(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3)."""
    try:
        with _open(path) as container:
            stream = _stream(container)
            stream.codec_context.thread_count = 1
            for frame in container.decode(stream):
                # PyAV names the clockwise turn with a negative sign; rot90 counts quarter turns the other way round
                yield np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4)
    except av.FFmpegError as error:
        raise BrokenVideoError(error.strerror) from error


def read_clip(path: Path, indices: Sequence[int]) -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
    wanted, end = set(indices), max(indices)
    kept: dict[int, NDArray[np.uint8]] = {}
    last = -1
    for last, frame in enumerate(read_all(path)):
        if last in wanted:
            kept[last] = frame
        if last == end:  # what follows may be damaged
            break
    if last < 0:
        raise BrokenVideoError("no frames")
    kept[last] = frame
    return np.stack([kept[min(index, last)] for index in indices])


def _open(path: Path) -> av.container.InputContainer:
    """The file; a title or comment that is not UTF-8 is no defect of its pictures."""
    return av.open(str(path), metadata_errors="replace")


def _stream(container: av.container.InputContainer) -> av.VideoStream:
    if not container.streams.video:
        raise BrokenVideoError("no video stream")
    return container.streams.video[0]


def _rotation(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """Degrees clockwise; PyAV knows them from the first frame on, a file without one has none."""
    stream.codec_context.thread_count = 1
    try:
        return next((-round(frame.rotation) % 360 for frame in container.decode(stream)), 0)
    except av.FFmpegError:
        return 0


def _container(names: str, path: Path) -> str:
    """FFmpeg names a family ("mov,mp4,m4a,..."): the file's own suffix if it is one of them, else the first."""
    family, suffix = names.split(","), path.suffix[1:].lower()
    return suffix if suffix in family else family[0]
