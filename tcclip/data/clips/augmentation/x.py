"""Recipe X of methods.md 1.3, for any input size: crops at several scales, flips, changes of colour, grey clips.

The recipe names 256 and 224; `resizing.stored_side` says what they are for another size. All randomness comes from the
generator that is passed in, so that a clip depends on nothing but its frames, the params and that generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.augmentation.crops import cropped, multi_scale_box
from tcclip.data.clips.augmentation.finishing import draw_finish
from tcclip.data.resizing import short_sides, stored_side
from tcclip.params.kinds.augmentation.x import Settings


def make(settings: Settings) -> Augment:
    """Recipe X with these settings."""
    return lambda frames, size, flip, rng: train_clip(frames, settings, size, flip, rng)


def train_clip(
    frames: NDArray[np.uint8], augmentation: Settings, size: int, flip: bool, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A training clip: frames uint8 (T, H, W, 3) -> uint8 (T, size, size, 3).

    The crop is drawn once per clip; what else is drawn and what `flip` is, `draw_finish` says.
    """
    sides = short_sides(frames.shape[1], frames.shape[2], stored_side(size))
    box = multi_scale_box(*sides, size, augmentation.crop_scales, rng)
    finish = draw_finish(augmentation, len(frames), flip, rng)
    return finish(cropped(frame, sides, box, size) for frame in frames)
