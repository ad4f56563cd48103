"""Writing frames: every frame of every video as JPEG in a few large files, with an index for random access.

A job writes one shard of the videos, in their order, as two files that are complete or absent: a tar of the JPEGs, with
their places behind it, so that an index of many videos stays small (`frame_tar.py`), and the index.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from tcclip.data.videos.decoding import Decoded, Decoder, decoder
from tcclip.data.videos.frame_tar import EARLIER, FrameTar
from tcclip.data.videos.index import FramesOrigin, read_rows, write_rows
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
    tar: Path,
    index: Path,
    made_by: str = "",
) -> None:
    """Decode one shard of `videos`, paths below `folder`, into `tar` and describe them in `index`.

    With frames.store "online" the videos are decoded and described, and `tar` is not written.
    A video that cannot be decoded gets a row with its reason and no frames; it is never replaced by another one. One
    that is still what it was when the shard was last made, by the same settings and code (`made_by`), is not decoded.
    UserError when another process writes this shard or the disk is full; nothing half-written stays.
    """
    mine = of_shard(videos, shard, frames.shards)
    what = f"another process writes shard {shard:04d} of {tar.parent}"
    busy = f"{what}: wait for it or stop it, then run this again ({{holder}})"
    with alone(index.with_name(f".{index.stem}.lock"), busy), atomic(index) as index_part:
        kept = unchanged(folder, mine, read_rows(index, frames.store, made_by), tar, frames.store)
        if frames.store == "online":
            rows = _write(folder, mine, fmt, shard, frames, io.BytesIO(), kept)
            tar.unlink(missing_ok=True)
        else:
            with atomic(tar) as tar_part:
                with open(tar_part, "wb") as file:
                    rows = _write(folder, mine, fmt, shard, frames, file, kept, tar)
                index.unlink(missing_ok=True)  # it describes the JPEGs that are replaced now
        tar.with_suffix(EARLIER).unlink(missing_ok=True)
        write_rows(rows, FramesOrigin(frames.store, frames.resize, folder), index_part, made_by)


def of_shard(videos: Sequence[str], shard: int, shards: int) -> list[str]:
    """The videos of one of all shards. Which one a video is in follows from its path alone.

    So one that comes or goes moves no other, whose frames would not be found in the shard that is kept.
    """
    return [video for video in videos if _hash(video) % shards == shard]


def _hash(video: str) -> int:
    return int.from_bytes(hashlib.blake2b(video.encode(), digest_size=8).digest(), "little")


def _write(
    folder: Path,
    videos: Sequence[str],
    fmt: str,
    shard: int,
    frames: Frames,
    file: BinaryIO,
    kept: Mapping[str, dict[str, Any]],
    earlier: Path | None = None,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if kept:
        print(f"{len(kept)} of {len(videos)} videos are as they were when they were scanned", file=sys.stderr)
    tar = FrameTar(file)
    with decoder(frames) as decoding:
        for name in track(videos, f"{folder.parent.name} frames, shard {shard}", "videos"):
            if name in kept:
                table = copy_frames(earlier, kept[name], tar) if earlier else -1
                rows.append({**kept[name], "shard": shard, "table": table})
                continue
            file_of_it = examine(folder / name)  # before it is read: what is exchanged meanwhile is scanned next time
            tar.begin(video_id(name, fmt))
            decoded = append(tar, folder / name, decoding)
            if decoded.defect:
                print(f"{name}: {decoded.defect}", file=sys.stderr, flush=True)
            table = tar.end()
            if decoded.reader == OF_PICTURES:
                decoded = replace(decoded, info=replace(decoded.info, fps=frames.picture_rate))
            rows.append(_row(name, fmt, shard, decoded, table) | file_of_it)
    places = tar.finish()
    return [{**row, "table": places + table} if (table := row["table"]) >= 0 else row for row in rows]


def append(tar: FrameTar, path: Path, decoding: Decoder) -> Decoded:
    """Append a video's JPEGs, none of one that gives no frames.

    The time is over as well where the job was stopped for a while (Ctrl-Z, a cluster that suspends) or the disk was
    slow: that is no defect, so that it gets its time once more.
    """
    decoded = decoding.decode(path, tar.add)
    if decoded.late:
        tar.forget()
        decoded = decoding.decode(path, tar.add)
    if not decoded.frames:
        tar.forget()
    return decoded


def _row(name: str, fmt: str, shard: int, decoded: Decoded, table: int) -> dict[str, Any]:
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
