"""Training clips: each is a function of (seed, epoch, video) alone, whoever loads it and when."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.clip import Choice, make_clip, read_chosen
from tcclip.data.clips.kept import key_of
from tcclip.data.clips.sampling.sampling import sampling_of
from tcclip.data.videos.frames import FrameSource
from tcclip.params import Method
from tcclip.params.kinds.make import make
from tcclip.process.rng import generator

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
        video, label = self.videos[sample[1]]
        rng = self._stream(sample)
        augment: Augment = make(self.method.recipe.augmentation)

        def augmented(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
            return augment(frames, self.size, self.flip, rng)

        choice, key = self._choice(video, rng), f"{self._key} {sample[0]}"
        _, clip = make_clip(self.store, video, choice, augmented, self.method, self.size, key)
        return clip, label, video

    @functools.cached_property
    def _key(self) -> str:
        recipe, sampling = self.method.recipe.augmentation, self.method.sampling
        return key_of(self.store, "training", recipe, sampling, self.frames, self.size, self.flip, self.seed)

    def stored(self, sample: Sample) -> NDArray[np.uint8]:
        """The frames of a clip as they are stored, uint8 (T, H, W, 3)."""
        video, _ = self.videos[sample[1]]
        return read_chosen(self.store, video, self._choice(video, self._stream(sample)))[1]

    def _stream(self, sample: Sample) -> np.random.Generator:
        epoch, position = sample
        return generator(self.seed, "clip", epoch, self.videos[position][0])

    def _choice(self, video: str, rng: np.random.Generator) -> Choice:
        sampling = sampling_of(self.method.sampling, self.store, video)
        return lambda frames: sampling.training(frames, self.frames, rng)
