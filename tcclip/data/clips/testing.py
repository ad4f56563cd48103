"""Test clips: every view of every video."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from tcclip.data.clips import augmentation
from tcclip.data.clips.views import View, frames_of, views_of
from tcclip.data.videos.frames import FrameSource
from tcclip.params.protocol import Views
from tcclip.process.runtime import one_thread


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
        return position, self.clip(self.videos[position], view)

    def clip(self, video: str, view: View) -> Tensor:
        """One view of one video, (T, 3, size, size)."""
        chosen = frames_of(view, self.views, video, self.store.frames(video), self.frames, self.seed)
        frames = self.store.read(video, chosen)  # (T, H, W, 3) uint8
        with one_thread():
            return augmentation.test_clip(frames, self.size, self.norm, view.crop)
