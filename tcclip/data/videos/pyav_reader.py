"""Frames by PyAV, always from the start and in the order in which a player shows them: what any reader has to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from tcclip.data.videos.orientation import Orientation, upright
from tcclip.data.videos.reader import BrokenVideoError, DecodedFrame
from tcclip.data.videos.survey import broken, frame_orientation, open_file, video_stream


def shown(path: Path) -> Iterator[DecodedFrame]:
    """Every frame in order; BrokenVideoError at the first one that does not decode."""
    convert = VideoReformatter()  # one for all frames, on one thread: six times as fast as a new one for each
    try:
        with open_file(path) as container:
            first: av.VideoFrame | None = None
            for packet in container.demux(video_stream(container)):
                for frame in _frames(packet, first is None):
                    if first is None:
                        first, orientation = frame, frame_orientation(frame)
                    picture = partial(_picture, convert, frame, first.width, first.height, orientation)
                    yield DecodedFrame(frame.pts, frame.key_frame, picture)
    except av.FFmpegError as error:
        raise broken(error, path) from error


def read_all(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame in order, uint8 (H, W, 3)."""
    for frame in shown(path):
        yield frame.picture()


def read_clip(path: Path, indices: Sequence[int]) -> NDArray[np.uint8]:
    """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
    wanted, end = set(indices), max(indices)
    kept: dict[int, NDArray[np.uint8]] = {}
    last = -1
    for last, frame in enumerate(shown(path)):
        if last in wanted:
            kept[last] = frame.picture()
        if last == end:  # what follows may be damaged
            break
    if last < 0:
        raise BrokenVideoError("no frames")
    if last not in kept:
        kept[last] = frame.picture()
    return np.stack([kept[min(index, last)] for index in indices])


def _frames(packet: av.Packet, none_yet: bool) -> list[av.VideoFrame]:
    """The frames of a packet. One that needs others before the beginning of a cut file gives none."""
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        if none_yet and not packet.is_keyframe:
            return []
        raise


def _picture(
    convert: VideoReformatter, frame: av.VideoFrame, width: int, height: int, orientation: Orientation
) -> NDArray[np.uint8]:
    picture = convert.reformat(frame, width=width, height=height, format="rgb24", threads=1)
    return upright(picture.to_ndarray(), orientation)
