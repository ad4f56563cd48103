"""Whether decord gives the right frames of a file. What is looked at are time stamps and key frames, not pictures.

decord sorts the time stamps of all packets, goes to the key frame before the wanted one and counts from there. That
gives the wanted frame where every packet is one frame with a time of its own, the container goes exactly to a key
frame's time, and a key frame is shown after all frames that come before it in the file. All of it is looked up here in
what the scan knows anyway; whatever is left in doubt is read from the start by PyAV.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos import decord_reader
from tcclip.data.videos.orientation import all_of
from tcclip.data.videos.reader import BrokenVideoError
from tcclip.data.videos.survey import Survey

# Containers that go exactly to a packet, and codecs that were tried: tests/unit/data/test_matrix_of_videos.py.
CONTAINERS = {"mov", "mp4", "m4a", "m4v", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "flv"}
CODECS = {
    "h264",
    "hevc",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "vp8",
    "vp9",
    "wmv1",
    "wmv2",
    "msmpeg4v3",
    "flv1",
    "h263",
}
CODECS |= {"mjpeg", "prores", "ffv1", "rawvideo"}  # of key frames only
ALIKE = 2  # grey levels: two decoders' pictures of one frame on average
EXACT = 0.4  # of the smallest distance of two frames: what decord's times, of single precision, may be off


def in_order(found: Survey) -> bool:
    """Whether decord begins at the beginning and misses nothing, or says so."""
    known = found.info.container in CONTAINERS and found.info.codec in CODECS
    return known and found.alone and not found.hidden and not found.faults and found.keys[:1] == [0]


def by_number(
    path: Path, found: Survey, times: Sequence[int | None], keys: Sequence[int], first: NDArray[np.uint8]
) -> bool:
    """Whether decord's frames by number are those of reading in order.

    `times` and `keys` are the times of the decoded frames, in order, and the numbers of those at which decoding may
    begin; `found` says the same of the packets. `first` is the first frame: where a file asks for an orientation,
    decord has to show it in the same one.
    """
    if not in_order(found):
        return False
    stamps = [time for time in found.times if time is not None]
    ordered = sorted(set(stamps))
    if len(ordered) != len(found.times) or list(times) != ordered:
        return False
    if any(stamps[key] != ordered[key] for key in found.keys):  # frames that are shown before it come after it
        return False
    if not found.refreshed or not set(found.keys) <= set(keys):
        return False
    seconds = np.asarray(ordered, dtype=np.float64) * found.unit
    return _sees_the_packets(path, found, seconds) and (found.plain or _sees_the_orientation(path, found, first))


def _sees_the_packets(path: Path, found: Survey, seconds: NDArray[np.float64]) -> bool:
    """Whether decord, which has an FFmpeg of its own, sees the same packets."""
    try:
        theirs, keys = decord_reader.packets(path)
    except BrokenVideoError:
        return False
    if len(theirs) != len(seconds) or keys != found.keys:
        return False
    gaps = np.diff(seconds)
    off = np.abs((theirs - theirs[0]) - (seconds - seconds[0])).max()
    return bool(off <= EXACT * gaps.min()) if len(gaps) else True


def _sees_the_orientation(path: Path, found: Survey, first: NDArray[np.uint8]) -> bool:
    """Whether decord's first frame is PyAV's, and is that in no other orientation."""
    theirs = decord_reader.read_clip(path, [0], found.orientation)[0].astype(int)
    same = [frame.shape == theirs.shape and np.abs(theirs - frame).mean() < ALIKE for frame in all_of(first)]
    return same == [True] + 7 * [False]
