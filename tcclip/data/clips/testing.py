"""Test clips: every view of every video."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tcclip.data.clips.clip import make_clip
from tcclip.data.clips.kept import key_of
from tcclip.data.clips.normalising import normalised
from tcclip.data.clips.sampling.sampling import Indices, sampling_of
from tcclip.data.clips.views import View, frames_of, views_of
from tcclip.data.resizing import resize, short_sides, stored_side
from tcclip.data.videos.frames import FrameSource
from tcclip.data.videos.last_clip import LastClip
from tcclip.params import Method
from tcclip.params.centre import Centre
from tcclip.params.protocol import Views

PLAIN = Centre(short_side=256, resize="bilinear")  # the recipe of the paper


@dataclass(frozen=True)
class ViewClips(Dataset[tuple[int, Tensor]]):
    """Every view of every video, the views of a video one after the other; gives (position of the video, clip)."""

    store: FrameSource
    videos: list[str]
    views: Views
    frames: int  # per view
    size: int  # pixels
    method: Method
    seed: int  # of the random views of mode `paper`

    def __len__(self) -> int:
        return len(self.videos) * len(views_of(self.views))

    def __getitem__(self, item: int) -> tuple[int, Tensor]:
        all_views = views_of(self.views)
        position, view = item // len(all_views), all_views[item % len(all_views)]
        return position, self.clip(self.videos[position], view)[1]

    @functools.cached_property
    def _key(self) -> str:
        centre, sampling = self.method.centre, self.method.sampling
        return key_of(self.store, "test", centre, sampling, self.frames, self.size, self.views, self.seed)

    @functools.cached_property
    def _source(self) -> FrameSource:
        """Where crops of a view share its frames they come one after the other."""
        return LastClip(self.store) if self.views.spatial > 1 else self.store

    def clip(self, video: str, view: View) -> tuple[Indices, Tensor]:
        """One view of one video: the numbers of its frames (T,), and the clip (T, 3, size, size)."""
        sampling = sampling_of(self.method.sampling, self.store, video)
        return make_clip(
            self._source,
            video,
            lambda frames: frames_of(sampling, view, self.views, video, frames, self.frames, self.seed),
            lambda frames: test_frames(frames, self.size, view.crop, self.method.centre),
            self.method,
            self.size,
            f"{self._key} {view}",
        )


def test_clip(
    frames: NDArray[np.uint8], size: int, norm: str, crop: int | None = None, centre: Centre = PLAIN
) -> Tensor:
    """A test clip: frames uint8 (T, H, W, 3) -> float32 (T, 3, size, size), normalised; the rest as `test_frames`."""
    return normalised(test_frames(frames, size, crop, centre), norm)


def test_frames(
    frames: NDArray[np.uint8], size: int, crop: int | None = None, centre: Centre = PLAIN
) -> NDArray[np.uint8]:
    """The squares of frames uint8 (T, H, W, 3) that a test clip shows, uint8 (T, size, size, 3).

    `crop` None: the centre of the frames at the short side of `centre`. 0, 1, 2: the start, the end, the middle square
    along the long side, the short side being `size`. The end is two of the steps that lead to the middle, so that an
    odd number of free pixels leaves one of them there (methods.md 1.3).
    """
    side = stored_side(size, centre.short_side) if crop is None else size
    height, width = short_sides(frames.shape[1], frames.shape[2], side)
    steps = 1 if crop is None else (0, 2, 1)[crop]
    top, left = steps * ((height - size) // 2), steps * ((width - size) // 2)
    square = slice(top, top + size), slice(left, left + size)
    how: Literal["plain", "bicubic"] = "plain" if centre.resize == "bilinear" else "bicubic"
    return np.stack([resize(frame, height, width, how)[square] for frame in frames])


# pytest would take these for tests by their names
test_clip.__test__ = False  # type: ignore[attr-defined]
test_frames.__test__ = False  # type: ignore[attr-defined]
