"""Recipe X of methods.md 1.3, for any input size: crops at several scales, flips, changes of colour, grey clips.

The recipe names 256 and 224; `resizing.stored_side` says what they are for another size. All randomness comes from the
generator that is passed in, so that a clip depends on nothing but its frames, the params and that generator.
One frame goes through all steps before the next: it fits into a processor's cache, and a clip does not. It is uint8
after every step, as in the recipe's source.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tcclip.data.clips.augmentation import color
from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.augmentation.crops import cropped, multi_scale_box
from tcclip.data.clips.augmentation.jitter import changed, draw_changes
from tcclip.data.clips.normalising import normalise_into
from tcclip.data.resizing import short_sides, stored_side
from tcclip.params.kinds.augmentation.x import Settings


def make(settings: Settings) -> Augment:
    """Recipe X with these settings."""

    def augment(frames: NDArray[np.uint8], size: int, flip: bool, norm: str, rng: np.random.Generator) -> Tensor:
        return train_clip(frames, settings, size, flip, norm, rng)

    return augment


def train_clip(
    frames: NDArray[np.uint8], augmentation: Settings, size: int, flip: bool, norm: str, rng: np.random.Generator
) -> Tensor:
    """A training clip: frames uint8 (T, H, W, 3) -> float32 (T, 3, size, size), normalised.

    `flip` is the dataset's permission (false where classes name a side), for which not every recipe asks. Drawn once
    per clip: the crop, the flip, whether colours are jittered, whether the clip is grey. Once per frame: the strength
    and order of colour changes.
    """
    sides = short_sides(frames.shape[1], frames.shape[2], stored_side(size))
    box = multi_scale_box(*sides, size, augmentation.crop_scales, rng)
    flipped = rng.random() < augmentation.flip_prob and (flip or augmentation.flip_sided)
    jitter = augmentation.color_jitter
    changes = draw_changes(jitter, len(frames), rng) if rng.random() < jitter.prob else None
    grey = rng.random() < augmentation.gray_prob
    clip = np.empty((len(frames), 3, size, size), dtype=np.float32)
    for t, frame in enumerate(frames):
        picture = cropped(frame, sides, box, size)
        if flipped:
            picture = cv2.flip(picture, 1)
        if changes:
            picture = changed(picture, changes, t)
        if grey:
            picture = color.grey(picture)
        normalise_into(clip[t], picture, norm)
    return torch.from_numpy(clip)
