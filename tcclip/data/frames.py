"""Reading frames from shards: only the bytes of the frames that are asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import simplejpeg
from numpy.typing import NDArray

from tcclip.errors import UserError


class FrameStore:
    """The frames of one dataset: `index.parquet` and its `shard-*.jpegs` in `folder`.

    Holds no open file and copies no shard, so that any number of processes may use one store, forked or spawned.
    `index` has a row per video (named by it) with all columns of the index but the offsets.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        path = self.folder / "index.parquet"
        if not path.is_file():
            raise UserError(f"{path} is missing: extract the frames first (snakemake frames)")
        table = pq.read_table(path)
        self.index: pd.DataFrame = table.drop_columns(["offsets"]).to_pandas().set_index("video", drop=False)
        self._row = {video: row for row, video in enumerate(self.index["video"])}
        self._shard = self.index["shard"].to_numpy()
        self._frames = self.index["frames"].to_numpy()
        self._size = self.index[["height", "width"]].to_numpy()
        offsets = table["offsets"].combine_chunks()
        assert isinstance(offsets, pa.ListArray)
        # one flat array for all videos: a list per video would be copied into every worker
        self._first = offsets.offsets.to_numpy()
        self._offsets = offsets.values.to_numpy()

    def __reduce__(self) -> tuple[Any, ...]:
        return FrameStore, (self.folder,)

    def __contains__(self, video: str) -> bool:
        return video in self._row and self._frames[self._row[video]] > 0

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        return int(self._frames[self._readable(video)])

    def read(self, video: str, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
        row = self._readable(video)
        wanted = np.minimum(np.asarray(indices, dtype=np.int64), self._frames[row] - 1)
        clip = np.empty((len(wanted), *self._size[row], 3), dtype=np.uint8)
        seen: dict[int, int] = {}
        file = os.open(self.folder / f"shard-{self._shard[row]:04d}.jpegs", os.O_RDONLY)
        try:
            for place, frame in enumerate(wanted.tolist()):
                if frame in seen:
                    clip[place] = clip[seen[frame]]
                    continue
                seen[frame] = place
                begin, end = self._offsets[self._first[row] + frame : self._first[row] + frame + 2].tolist()
                simplejpeg.decode_jpeg(os.pread(file, end - begin, begin), colorspace="RGB", buffer=clip[place])
        except ValueError as error:
            raise UserError(
                f"{self.folder}/shard-{self._shard[row]:04d}.jpegs does not fit its index at video {video} ({error}): "
                "delete this shard's two files and run snakemake frames"
            ) from error
        finally:
            os.close(file)
        return clip

    def _readable(self, video: str) -> int:
        row = self._row.get(video)
        if row is None:
            raise UserError(
                f"video {video} is not in {self.folder}/index.parquet: put its file into the dataset's videos/ folder "
                "and run snakemake frames, or take it off the split"
            )
        if self._frames[row] == 0:
            raise UserError(f"video {video} ({self.folder}) has no frames: {self.index['defect'].iloc[row]}")
        return row
