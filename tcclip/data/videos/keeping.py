"""What a shard that is made again keeps: the frames of videos that are still what they were when they were scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tcclip.data.videos.index import PLACE
from tcclip.data.videos.seen import content_of, look_at

CHUNK = 1 << 24  # bytes that are copied at a time


def unchanged(
    folder: Path, videos: Sequence[str], rows: Mapping[str, dict[str, Any]], jpegs: Path, store: str
) -> dict[str, dict[str, Any]]:
    """The rows of an earlier scan that are still true, by the path of the video; their times are those of now.

    A file of the same size and time is the same; one of another time has to have the same content. Without the frames
    that a row describes it is worth nothing.
    """
    if store == "shards" and not jpegs.is_file():
        return {}
    length = jpegs.stat().st_size if store == "shards" else 0
    kept = {}
    for name in videos:
        if name not in rows:
            continue
        row, video = rows[name], folder / name
        try:
            seen = look_at(video)
        except OSError:  # the scan says it
            continue
        if seen.bytes != row["bytes"] or (seen.modified != row["modified"] and content_of(video) != row["content"]):
            continue
        end = row["table"] + (row["frames"] + 1) * PLACE.itemsize
        if store == "online" or row["table"] < 0 or end <= length:
            kept[name] = {**row, "modified": seen.modified}
    return kept


def copy_frames(jpegs: Path, row: Mapping[str, Any], file: BinaryIO) -> int:
    """Copy a video's JPEGs from an earlier shard to the end of `file`; the byte at which their table begins there."""
    if row["table"] < 0:
        return -1
    with open(jpegs, "rb") as earlier:
        earlier.seek(row["table"])
        places = np.frombuffer(earlier.read((row["frames"] + 1) * PLACE.itemsize), dtype=PLACE)
        begin, left = file.tell(), int(places[-1] - places[0])
        earlier.seek(int(places[0]))
        while left > 0 and (chunk := earlier.read(min(left, CHUNK))):
            left -= file.write(chunk)
    moved = (places - places[0] + np.uint64(begin)).astype(PLACE)
    file.write(moved.tobytes())
    return int(moved[-1])
