"""The index of a dataset's frames: one row per video, what the scan found and where its frames are."""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tcclip.errors import UserError
from tcclip.params.dataset import Resize
from tcclip.plan.advice import frames_again
from tcclip.process.files import atomic

SCHEMA = pa.schema(
    [
        ("video", pa.string()),  # identity, see videos.video_id
        ("path", pa.string()),  # below the videos' folder
        ("shard", pa.int32()),
        ("frames", pa.int32()),  # decoded, not announced; 0 if broken
        ("width", pa.int32()),  # stored
        ("height", pa.int32()),
        ("source_width", pa.int32()),  # upright
        ("source_height", pa.int32()),
        ("rotation", pa.int32()),  # degrees clockwise that the container asks for
        ("mirrored", pa.bool_()),  # whether it asks for left and right to change places after that
        ("fps", pa.float64()),
        ("container", pa.string()),
        ("codec", pa.string()),
        ("reader", pa.string()),  # of the stored frames, or, with frames.store "online", of every clip
        ("defect", pa.string()),  # empty if none
        ("table", pa.int64()),  # byte of the shard at which the places of the frames begin; -1 if none
    ]
)
SHARD_SCHEMA = pa.schema(  # of a shard's index; the dataset's has none of it, so that it is the same on all machines
    [
        *SCHEMA,
        ("bytes", pa.int64()),  # of the video's file when it was scanned, see seen.py
        ("modified", pa.int64()),
        ("content", pa.string()),
    ]
)
BROKEN = ("video", "path", "reason")  # columns of broken.csv
SHOWN = 10  # broken videos on the screen


@dataclass(frozen=True)
class FramesOrigin:
    """Where the frames of an index are and what they were made from."""

    store: str  # shards, online
    resize: Resize  # how larger videos are reduced
    videos: Path  # the folder of the videos


def write_rows(rows: list[dict[str, object]], made: FramesOrigin, path: Path, made_by: str = "") -> None:
    """Write one shard's rows; where they come from and what made them are kept in the file's metadata."""
    origin = {"store": made.store, "resize": made.resize, "videos": str(made.videos)}
    schema = SHARD_SCHEMA.with_metadata({**origin, "made_by": made_by})
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def read_rows(path: Path, store: str, made_by: str) -> dict[str, dict[str, Any]]:
    """A shard's rows by the path of the video; none where it is not there or something else made it."""
    if not path.is_file():
        return {}
    schema = pq.read_schema(path)
    metadata = schema.metadata or {}
    if not schema.equals(SHARD_SCHEMA) or (metadata[b"store"].decode(), metadata[b"made_by"].decode()) != (
        store,
        made_by,
    ):
        return {}
    return {row["path"]: row for row in pq.read_table(path).to_pylist()}


def contents(parts: Sequence[Path]) -> dict[str, str]:
    """The hash of the content that was scanned, by the path of the video, of all shards that tell it."""
    tables = [pq.read_table(part, columns=["path", "content"]) for part in parts if _tells_content(part)]
    return {row["path"]: row["content"] for table in tables for row in table.to_pylist()}


def _tells_content(part: Path) -> bool:
    return part.is_file() and "content" in pq.read_schema(part).names


def origin(path: Path) -> FramesOrigin:
    """What `write_rows` was told of an index."""
    return _origin_of(pq.read_schema(path).metadata)


def _origin_of(metadata: Mapping[bytes, bytes] | None) -> FramesOrigin:
    store, how, videos = ((metadata or {}).get(key, b"").decode() for key in (b"store", b"resize", b"videos"))
    return FramesOrigin(store, "smooth" if how == "smooth" else "plain", Path(videos))


def merge_index(parts: Sequence[Path], out: Path, broken: Path) -> str:
    """One index of all shards, sorted by video, and the table of videos with a defect; returns a line about them.

    Two files of one identity are one clip fetched twice (Kinetics' folder of replacements): the longer one is kept.
    """
    rows = pa.concat_tables([_read_part(part, parts[0]) for part in parts])
    order = pc.sort_indices(rows, [("video", "ascending"), ("frames", "descending"), ("path", "ascending")])
    rows = rows.take(order)
    videos = rows["video"].to_numpy()
    kept = rows.filter(np.concatenate([[True], videos[1:] != videos[:-1]]))
    table = kept.select(["video", "path", "defect", "frames"]).to_pandas()
    defects = table[table["defect"] != ""]
    with atomic(broken) as part:
        defects[["video", "path", "defect"]].to_csv(
            part, header=BROKEN, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL
        )
    with atomic(out) as part:
        pq.write_table(kept, part)
    for row in defects[:SHOWN].itertuples():
        print(f"  {row.path}: {row.defect}", file=sys.stderr)
    if len(defects) > SHOWN:
        print(f"  ... all {len(defects)} are in {broken}", file=sys.stderr)
    none = int((table["frames"] == 0).sum())
    text = f"{len(table)} videos, {none} broken, {len(defects) - none} shorter than announced"
    doubles = len(rows) - len(kept)
    return text + (f", {doubles} files are second copies of a video and were left out" if doubles else "")


def _read_part(path: Path, first: Path) -> pa.Table:
    """A shard's rows; UserError when they were made with other columns or from other settings than the first's."""
    rows = pq.read_table(path)
    if not rows.schema.equals(SHARD_SCHEMA) or origin(path) != origin(first):
        raise UserError(
            f"{path} was made with other settings or by another version of the program than the dataset's other "
            f"shards: {frames_again(path.parent.name)} makes again what is out of date"
        )
    return rows.select(SCHEMA.names)


class VideoIndex:
    """The rows of an index by video. Every training and evaluation opens one, and few need its table."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UserError(f"{path} is missing: extract the frames first: {frames_again(path.parent.name)}")
        self.path = path
        with pq.ParquetFile(path) as file:  # pq.read_table would import pyarrow.dataset, for five times the time
            self._columns = file.read(use_threads=False)
        self.origin = _origin_of(self._columns.schema.metadata)
        self._row = {video: row for row, video in enumerate(self._columns["video"].to_pylist())}
        self._frames = self.column("frames")

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """The whole index, a row per video and named by it."""
        table: pd.DataFrame = self._columns.to_pandas()
        return table.set_index("video", drop=False)

    def column(self, name: str) -> NDArray[Any]:
        """One column of all rows, in their order; KeyError where an earlier version wrote the index without it."""
        values: NDArray[Any] = self._columns[name].to_numpy()
        return values

    def __contains__(self, video: str) -> bool:
        return video in self._row and self._frames[self._row[video]] > 0

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        return int(self._frames[self.row(video)])

    def row(self, video: str) -> int:
        """The number of a video's row; UserError if it is unknown or broken."""
        row = self._row.get(video)
        if row is None:
            raise UserError(
                f"video {video} is not in {self.path}: put its file into the dataset's videos/ folder, and "
                f"{frames_again(self.path.parent.name)} scans it, or take it off the split"
            )
        if self._frames[row] == 0:
            raise UserError(
                f"video {video} ({self.path.parent}) has no frames: {self._columns['defect'][row]}: put a whole file "
                f"in its place, and {frames_again(self.path.parent.name)} scans it again, it alone"
            )
        return row
