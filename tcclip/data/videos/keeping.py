"""What a shard that is made again keeps: the frames of videos that are still what they were when they were scanned."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tcclip.data.videos.frame_tar import FrameTar, read_jpeg, read_places
from tcclip.data.videos.seen import content_of, look_at


def unchanged(
    folder: Path, videos: Sequence[str], rows: Mapping[str, dict[str, Any]], tar: Path, store: str
) -> dict[str, dict[str, Any]]:
    """The rows of an earlier scan that are still true, by the path of the video; their times are those of now.

    A file of the same size and time is the same; one of another time has to have the same content. Without the frames
    that a row describes it is worth nothing.
    """
    if store == "shards" and not tar.is_file():
        return {}
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
        if store == "online" or row["table"] < 0 or _has_frames(tar, row):
            kept[name] = {**row, "modified": seen.modified}
    return kept


def _has_frames(tar: Path, row: Mapping[str, Any]) -> bool:
    """Whether a shard has the places of a row's frames."""
    file = os.open(tar, os.O_RDONLY)
    try:
        return bool(len(read_places(file, row["table"], row["video"], row["frames"])))
    except ValueError:
        return False
    finally:
        os.close(file)


def copy_frames(earlier: Path, row: Mapping[str, Any], tar: FrameTar) -> int:
    """Copy a video's JPEGs from an earlier shard to the end of `tar`; what its `end` gives."""
    tar.begin(row["video"])
    if row["table"] >= 0:
        file = os.open(earlier, os.O_RDONLY)
        try:
            for block, size in read_places(file, row["table"], row["video"], row["frames"]).tolist():
                tar.add(read_jpeg(file, block, size))
        finally:
            os.close(file)
    return tar.end()
