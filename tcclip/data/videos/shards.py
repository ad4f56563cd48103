"""Writing frames: every frame of every video as JPEG in a few large files, with an index for random access.

A job writes one shard, `videos[shard::shards]` of the sorted videos, as two files that are complete or absent. A video
is its JPEGs one after the other and then a table of their places, so that an index of many videos stays small.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tcclip.data.videos.decoding import Decoded, Decoder, decoder
from tcclip.data.videos.index import PLACE, Origin, read_rows, write_rows
from tcclip.data.videos.keeping import copy_frames, unchanged
from tcclip.data.videos.listing import video_id
from tcclip.data.videos.reader import OF_PICTURES
from tcclip.data.videos.seen import examine
from tcclip.params.dataset import Frames
from tcclip.process.files import atomic
from tcclip.process.lock import alone
from tcclip.process.progress import track


def write_shard(
    folder: Path,
    videos: Sequence[str],
    fmt: str,
    shard: int,
    frames: Frames,
    jpegs: Path,
    index: Path,
    made_by: str = "",
) -> None:
    """Decode one shard of `videos`, paths below `folder`, into `jpegs` and describe them in `index`.

    With frames.store "online" the videos are decoded and described, and `jpegs` is not written.
    A video that cannot be decoded gets a row with its reason and no frames; it is never replaced by another one. One
    that is still what it was when the shard was last made, by the same settings and code (`made_by`), is not decoded.
    UserError when another process writes this shard or the disk is full; nothing half-written stays.
    """
    mine = videos[shard :: frames.shards]
    what = f"another process writes shard {shard:04d} of {jpegs.parent}"
    busy = f"{what}: wait for it or stop it, then run this again ({{holder}})"
    with alone(index.with_name(f".{index.stem}.lock"), busy), atomic(index) as index_part:
        kept = unchanged(folder, mine, read_rows(index, frames.store, made_by), jpegs, frames.store)
        if frames.store == "online":
            rows = _write(folder, mine, fmt, shard, frames, io.BytesIO(), kept)
            jpegs.unlink(missing_ok=True)
        else:
            with atomic(jpegs) as jpegs_part:
                with open(jpegs_part, "wb") as file:
                    rows = _write(folder, mine, fmt, shard, frames, file, kept, jpegs)
                index.unlink(missing_ok=True)  # it describes the JPEGs that are replaced now
        write_rows(rows, Origin(frames.store, frames.resize, folder), index_part, made_by)


def _write(
    folder: Path,
    videos: Sequence[str],
    fmt: str,
    shard: int,
    frames: Frames,
    file: BinaryIO,
    kept: Mapping[str, dict[str, Any]],
    jpegs: Path | None = None,
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    if kept:
        print(f"{len(kept)} of {len(videos)} videos are as they were when they were scanned", file=sys.stderr)
    with decoder(frames) as decoding:
        for name in track(videos, f"{folder.parent.name} frames, shard {shard}", "videos"):
            if name in kept:
                table = copy_frames(jpegs, kept[name], file) if jpegs else -1
                rows.append({**kept[name], "shard": shard, "table": table})
                continue
            file_of_it = examine(folder / name)  # before it is read: what is exchanged meanwhile is scanned next time
            decoded, places = append(file, folder / name, decoding)
            if decoded.defect:
                print(f"{name}: {decoded.defect}", file=sys.stderr, flush=True)
            table = places[-1] if len(places) > 1 else -1
            if table >= 0:
                file.write(np.asarray(places, dtype=PLACE).tobytes())
            if decoded.reader == OF_PICTURES:
                decoded = replace(decoded, info=replace(decoded.info, fps=frames.picture_rate))
            rows.append(_row(name, fmt, shard, decoded, table) | file_of_it)
    return rows


def append(file: BinaryIO, path: Path, decoding: Decoder) -> tuple[Decoded, list[int]]:
    """Append a video's JPEGs; also gives the byte at which each begins, and the one after the last."""
    places = [file.tell()]

    def keep(jpeg: bytes) -> None:
        file.write(jpeg)
        places.append(places[-1] + len(jpeg))

    decoded = decoding.decode(path, keep)
    if not decoded.frames:
        file.seek(places[0])
        file.truncate()
        del places[1:]
    return decoded, places


def _row(name: str, fmt: str, shard: int, decoded: Decoded, table: int) -> dict[str, object]:
    return {
        "video": video_id(name, fmt),
        "path": name,
        "shard": shard,
        "frames": decoded.frames,
        "width": decoded.width,
        "height": decoded.height,
        "source_width": decoded.source_width,
        "source_height": decoded.source_height,
        "rotation": decoded.info.rotation,
        "mirrored": decoded.info.mirrored,
        "fps": decoded.info.fps,
        "container": decoded.info.container,
        "codec": decoded.info.codec,
        "reader": decoded.reader,
        "defect": decoded.defect,
        "table": table,
    }
