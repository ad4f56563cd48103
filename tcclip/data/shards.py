"""Frame shards: the JPEGs of many videos one after another in a file, and an index that finds every frame.

One job writes one shard, `videos[shard::shards]` of the sorted videos, as two files that are complete or absent.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tcclip.data.decoding import Decoded, decoder
from tcclip.data.progress import track
from tcclip.data.videos import find_videos, video_id
from tcclip.files import atomic
from tcclip.params.dataset import Frames

INDEX = pa.schema(
    [
        ("video", pa.string()),  # identity, see videos.video_id
        ("path", pa.string()),  # below the videos' folder
        ("shard", pa.int32()),
        ("frames", pa.int32()),  # decoded, not announced; 0 if broken
        ("width", pa.int32()),  # stored
        ("height", pa.int32()),
        ("source_width", pa.int32()),
        ("source_height", pa.int32()),
        ("fps", pa.float64()),
        ("codec", pa.string()),
        ("defect", pa.string()),  # empty if none
        ("offsets", pa.list_(pa.int64())),  # frame i is bytes offsets[i] to offsets[i+1] of the shard
    ]
)


def write_shard(videos_folder: Path, fmt: str, shard: int, frames: Frames, jpegs: Path, index: Path) -> None:
    """Decode one shard's videos into `jpegs` and describe them in `index`.

    A video that cannot be decoded gets a row with its reason and no frames; it is never replaced by another one.
    UserError when there are no videos or the disk is full; nothing half-written stays.
    """
    videos = find_videos(videos_folder)[shard :: frames.shards]
    rows: list[dict[str, Any]] = []
    with atomic(jpegs) as jpegs_part, atomic(index) as index_part, decoder(frames) as decoding:
        with open(jpegs_part, "wb") as file:
            for path in track(videos, f"{jpegs.parent.name} frames, shard {shard}", "videos"):
                name = path.relative_to(videos_folder).as_posix()
                decoded = decoding.decode(path)
                if decoded.defect:
                    print(f"{name}: {decoded.defect}", file=sys.stderr, flush=True)
                rows.append(_row(name, fmt, shard, decoded, _append(file, decoded.jpegs)))
        pq.write_table(pa.Table.from_pylist(rows, schema=INDEX), index_part)


def merge_index(parts: Sequence[Path], out: Path) -> int:
    """One index of all shards, sorted by video. Says how many videos are broken on stderr and returns that number.

    Two files of one identity are one clip fetched twice (Kinetics' folder of replacements): the longer one is kept.
    """
    rows = [row for part in parts for row in pq.read_table(part, schema=INDEX).to_pylist()]
    rows.sort(key=lambda row: (row["video"], -row["frames"], row["path"]))
    kept = [row for place, row in enumerate(rows) if place == 0 or rows[place - 1]["video"] != row["video"]]
    with atomic(out) as part:
        pq.write_table(pa.Table.from_pylist(kept, schema=INDEX), part)
    broken = [row for row in kept if row["frames"] == 0]
    _summarise(out, kept, broken, doubles=len(rows) - len(kept))
    return len(broken)


def _append(file: BinaryIO, jpegs: Sequence[bytes]) -> list[int]:
    """Write the JPEGs; the byte at which each begins, and the one after the last."""
    offsets = [file.tell()]
    for jpeg in jpegs:
        file.write(jpeg)
        offsets.append(offsets[-1] + len(jpeg))
    return offsets


def _row(name: str, fmt: str, shard: int, decoded: Decoded, offsets: list[int]) -> dict[str, Any]:
    return {
        "video": video_id(name, fmt),
        "path": name,
        "shard": shard,
        "frames": len(decoded.jpegs),
        "width": decoded.width,
        "height": decoded.height,
        "source_width": decoded.source_width,
        "source_height": decoded.source_height,
        "fps": decoded.info.fps,
        "codec": decoded.info.codec,
        "defect": decoded.defect,
        "offsets": offsets,
    }


def _summarise(out: Path, rows: list[dict[str, Any]], broken: list[dict[str, Any]], doubles: int) -> None:
    partial = sum(1 for row in rows if row["defect"] and row["frames"])
    text = f"{out}: {len(rows)} videos, {len(broken)} broken, {partial} shorter than announced"
    if doubles:
        text += f", {doubles} files are second copies of a video and were left out"
    print(text, file=sys.stderr)
    for row in broken[:10]:
        print(f"  broken: {row['path']}: {row['defect']}", file=sys.stderr)
    if len(broken) > 10:
        print(f"  ... all {len(broken)} are in {out}, column defect", file=sys.stderr)
