"""Reading frames: from shards, only the bytes of the frames that are asked for, or from the videos themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import simplejpeg
from numpy.typing import NDArray

from tcclip.data.videos.frame_tar import EARLIER, read_jpeg, read_places
from tcclip.data.videos.index import VideoIndex
from tcclip.errors import UserError
from tcclip.plan.advice import frames_again


class FrameSource(Protocol):
    """The frames of one dataset; any number of processes may use one, forked or spawned."""

    folder: Path

    @property
    def index(self) -> pd.DataFrame:
        """The whole index, a row per video and named by it."""
        ...

    def __contains__(self, video: str) -> bool: ...

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        ...

    def read(self, video: str, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
        ...


def open_frames(folder: Path) -> FrameSource:
    """The frames of a dataset: from its shards, or from its videos where its file says `store: online`."""
    videos = VideoIndex(Path(folder) / "index.parquet")
    if videos.origin.store == "online":
        from tcclip.data.videos.online import OnlineFrames

        return OnlineFrames(folder, videos)
    return FrameStore(folder, videos)


class FrameStore:
    """The frames of one dataset: `index.parquet` and its `shard-*.tar` in `folder`.

    Holds no open file and copies no shard.
    """

    def __init__(self, folder: Path, videos: VideoIndex | None = None) -> None:
        """`videos`: the index in `folder`, where it is open."""
        self.folder = Path(folder)
        self._videos = videos or VideoIndex(self.folder / "index.parquet")
        self._shard, self._table = (self._videos.column(name) for name in ("shard", "table"))
        self._height, self._width = (self._videos.column(name) for name in ("height", "width"))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrameStore, (self.folder,)

    @property
    def index(self) -> pd.DataFrame:
        """The whole index, a row per video and named by it."""
        return self._videos.table

    def __contains__(self, video: str) -> bool:
        return video in self._videos

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        return self._videos.frames(video)

    def read(self, video: str, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
        row, count = self._videos.row(video), self._videos.frames(video)
        wanted = np.minimum(np.asarray(indices, dtype=np.int64), count - 1)
        clip = np.empty((len(wanted), self._height[row], self._width[row], 3), dtype=np.uint8)
        seen: dict[int, int] = {}
        path = self.folder / f"shard-{self._shard[row]:04d}.tar"
        file = self._open(path)
        try:
            places = read_places(file, int(self._table[row]), video, count)
            for place, frame in enumerate(wanted.tolist()):
                if frame in seen:
                    clip[place] = clip[seen[frame]]
                    continue
                seen[frame] = place
                jpeg = read_jpeg(file, *places[frame].tolist())
                simplejpeg.decode_jpeg(jpeg, colorspace="RGB", buffer=clip[place])
        except ValueError as error:
            raise UserError(
                f"{path} does not fit its index at video {video} ({error}): "
                f"`rm {path} {path.with_suffix('.parquet')}` deletes this shard, "
                f"and {frames_again(self.folder.name)} makes it again"
            ) from error
        finally:
            os.close(file)
        return clip

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_RDONLY)
        except FileNotFoundError as error:
            earlier = path.with_suffix(EARLIER)
            is_old = f": {earlier.name} is a shard of an earlier version, which is not read" if earlier.exists() else ""
            raise UserError(
                f"{path} is missing{is_old}: `rm -f {path.with_suffix('.parquet')}`, and "
                f"{frames_again(self.folder.name)} makes it"
            ) from error
