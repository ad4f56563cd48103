"""Reading frames from the videos at the moment they are needed, as the authors do, instead of from shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcclip.data.videos.decoding import shrink
from tcclip.data.videos.index import VideoIndex
from tcclip.data.videos.orientation import Orientation
from tcclip.data.videos.reader import BrokenVideoError, one_line, read_clip
from tcclip.errors import UserError
from tcclip.plan.advice import frames_again


class OnlineFrames:
    """The frames of one dataset, decoded from its videos and reduced as stored frames are.

    Frame numbers and sizes are those of the scan, so that the same frames are sampled as from shards. A reader lives
    for one clip; it is decord where the scan found that its frames by number are right, otherwise PyAV.
    """

    def __init__(self, folder: Path, videos: VideoIndex | None = None) -> None:
        """`videos`: the index in `folder`, where it is open."""
        self.folder = Path(folder)
        self._videos = videos or VideoIndex(self.folder / "index.parquet")
        self._made = self._videos.origin
        try:
            self._mirrored = self._videos.column("mirrored")
        except KeyError as error:
            raise UserError(
                f"{self._videos.path} is of an earlier version, which did not prove its readers: "
                f"{frames_again(self.folder.name)} makes it again"
            ) from error
        self._path, self._reader = (self._videos.column(name) for name in ("path", "reader"))
        self._rotation = self._videos.column("rotation")
        self._short = np.minimum(self._videos.column("height"), self._videos.column("width"))

    def __reduce__(self) -> tuple[Any, ...]:
        return OnlineFrames, (self.folder,)

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
        row = self._videos.row(video)
        wanted = np.minimum(np.asarray(indices, dtype=np.int64), self.frames(video) - 1)
        path = self._made.videos / self._path[row]
        try:
            orientation = Orientation(int(self._rotation[row]), bool(self._mirrored[row]))
            clip = read_clip(path, wanted.tolist(), self._reader[row], orientation)
        except (BrokenVideoError, OSError) as error:
            raise UserError(
                f"{path} could be decoded when it was scanned and cannot now ({one_line(error)}): put the file back, "
                f"or {frames_again(self.folder.name)} scans the one that is there"
            ) from error
        return np.stack([shrink(frame, int(self._short[row]), self._made.resize) for frame in clip])
