"""Recipe S of methods.md 1.3 (docs/spec/systems/open_vclip.md 4.15), for any input size.

A random short side, a random crop and a flip, the same for all frames; no colours change. Frames are uint8 after the
resize: the original normalises before it, which differs by that rounding.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.resizing import resize, stored_side
from tcclip.params.kinds.augmentation.s import Settings


def make(settings: Settings) -> Augment:
    """Recipe S with these settings."""
    return lambda frames, size, flip, rng: train_clip(frames, settings, size, flip, rng)


def train_clip(
    frames: NDArray[np.uint8], settings: Settings, size: int, flip: bool, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A training clip: frames uint8 (T, H, W, 3) -> uint8 (T, size, size, 3).

    `flip` is the dataset's permission (false where classes name a side), for which the settings need not ask.
    """
    smallest, largest = (stored_side(size, side) for side in settings.short_sides)
    height, width = scaled(frames.shape[1], frames.shape[2], round(rng.uniform(smallest, largest)))
    top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
    flipped = rng.random() < settings.flip_prob and (flip or settings.flip_sided)
    crops = [resize(frame, height, width)[top : top + size, left : left + size] for frame in frames]
    return np.stack([cv2.flip(crop, 1) if flipped else crop for crop in crops])


def scaled(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width with the short side `side`, the other one rounded down."""
    short = min(height, width)
    return height * side // short, width * side // short
