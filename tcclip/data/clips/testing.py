"""Test clips: every view of every video."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from tcclip.data.clips import augmentation
from tcclip.data.clips.clip import make_clip
from tcclip.data.clips.sampling import Indices
from tcclip.data.clips.views import View, frames_of, views_of
from tcclip.data.videos.frames import FrameSource
from tcclip.params.protocol import Views


@dataclass(frozen=True)
class ViewClips(Dataset[tuple[int, Tensor]]):
    """Every view of every video, the views of a video one after the other; gives (position of the video, clip)."""

    store: FrameSource
    videos: list[str]
    views: Views
    frames: int  # per view
    size: int  # pixels
    norm: str
    seed: int  # of the random views of mode `paper`

    def __len__(self) -> int:
        return len(self.videos) * len(views_of(self.views))

    def __getitem__(self, item: int) -> tuple[int, Tensor]:
        all_views = views_of(self.views)
        position, view = item // len(all_views), all_views[item % len(all_views)]
        return position, self.clip(self.videos[position], view)[1]

    def clip(self, video: str, view: View) -> tuple[Indices, Tensor]:
        """One view of one video: the numbers of its frames (T,), and the clip (T, 3, size, size)."""
        return make_clip(
            self.store,
            video,
            lambda frames: frames_of(view, self.views, video, frames, self.frames, self.seed),
            lambda frames: augmentation.test_clip(frames, self.size, self.norm, view.crop),
        )
