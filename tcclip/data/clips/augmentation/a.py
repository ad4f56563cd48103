"""Recipe A of methods.md 1.3 (docs/spec/systems/action_clip.md, 7.10), for any input size.

RandAugment comes first, on whole frames, each with operations of its own. Frames are not resized before the crop, whose
sides are shares of the short side as it is stored, at one of thirteen places; the rest is as in Recipe X.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.augmentation.crops import THIRTEEN, cropped, multi_scale_box
from tcclip.data.clips.augmentation.finishing import draw_finish
from tcclip.data.clips.augmentation.rand_augment import draw_operations, operated
from tcclip.params.kinds.augmentation.a import Settings


def make(settings: Settings) -> Augment:
    """Recipe A with these settings."""
    return lambda frames, size, flip, rng: train_clip(frames, settings, size, flip, rng)


def train_clip(
    frames: NDArray[np.uint8], augmentation: Settings, size: int, flip: bool, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A training clip: frames uint8 (T, H, W, 3) -> uint8 (T, size, size, 3).

    The crop is drawn once per clip, RandAugment once per frame; what else is drawn, `draw_finish` says.
    """
    count, *sides = frames.shape[:3]
    given = augmentation.rand_augment
    operations = [draw_operations(given, rng) if given else [] for _ in range(count)]
    box = multi_scale_box(sides[0], sides[1], size, augmentation.crop_scales, rng, THIRTEEN)
    finish = draw_finish(augmentation, count, flip, rng)
    pairs = zip(frames, operations, strict=True)
    return finish(cropped(operated(frame, own), (sides[0], sides[1]), box, size) for frame, own in pairs)
