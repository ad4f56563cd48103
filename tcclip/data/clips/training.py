"""Training clips: each is a function of (seed, epoch, video) alone, whoever loads it and when."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from tcclip.data.clips import augmentation, sampling
from tcclip.data.videos.frames import FrameSource
from tcclip.params import Method
from tcclip.process.rng import generator
from tcclip.process.runtime import one_thread

Sample = tuple[int, int]  # epoch, position in the training list


@dataclass(frozen=True)
class TrainingClips(Dataset[tuple[Tensor, int, str]]):
    """Maps (epoch, position) to an augmented clip, its label and its video."""

    store: FrameSource
    videos: list[tuple[str, int]]
    method: Method
    frames: int
    size: int  # pixels
    flip: bool
    seed: int

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, sample: Sample) -> tuple[Tensor, int, str]:
        epoch, position = sample
        video, label = self.videos[position]
        rng = generator(self.seed, "clip", epoch, video)
        chosen = sampling.tsn_random(self.store.frames(video), self.frames, rng)
        frames = self.store.read(video, chosen)  # (T, H, W, 3) uint8
        recipe = self.method.recipe.augmentation
        with one_thread():
            clip = augmentation.train_clip(frames, recipe, self.size, self.flip, self.method.norm, rng)
        return clip, label, video
