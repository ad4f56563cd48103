"""Frames of which several clips in a row are made: they are read once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcclip.data.videos.frames import FrameSource


class LastClip:
    """Frames of a source, of which those that were asked for last are kept.

    The crops of a view show the same frames, and reading them takes half of a clip's time from shards and nearly all of
    it online. Nobody may change what `read` gives.
    """

    def __init__(self, source: FrameSource) -> None:
        """Asks `source` for the frames of a clip once, as long as no other clip comes between."""
        self.folder = source.folder
        self._source = source
        self._asked: tuple[str, tuple[int, ...]] | None = None
        self._frames = np.empty(0, dtype=np.uint8)

    @property
    def index(self) -> pd.DataFrame:
        """The whole index, a row per video and named by it."""
        return self._source.index

    def __contains__(self, video: str) -> bool:
        return video in self._source

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        return self._source.frames(video)

    def read(self, video: str, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
        asked = video, tuple(np.asarray(indices).tolist())
        if asked != self._asked:
            self._asked = None  # until they are there
            self._frames = self._source.read(video, indices)
            self._frames.flags.writeable = False
            self._asked = asked
        return self._frames
