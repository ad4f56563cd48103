"""Recipe V of methods.md 1.3: RandAugment on whole frames, then a crop of random size and shape.

Both are the same for all frames of a clip (systems/vita_clip.md 7.10). A crop is resized before it is normalised: the
other order, which is the original's, differs by the rounding to uint8.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.augmentation.crops import Box
from tcclip.data.clips.augmentation.rand_augment import draw_operations, operated
from tcclip.data.resizing import resize
from tcclip.params.kinds.augmentation.v import Settings

TRIES = 10  # draws of a crop that may not fit into the frame


def make(settings: Settings) -> Augment:
    """Recipe V with these settings; it does not flip."""
    return lambda frames, size, flip, rng: train_clip(frames, settings, size, rng)


def train_clip(frames: NDArray[np.uint8], settings: Settings, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A training clip: frames uint8 (T, H, W, 3) -> uint8 (T, size, size, 3)."""
    operations = draw_operations(settings.rand_augment, rng)
    top, left, height, width = resized_crop_box(frames.shape[1], frames.shape[2], settings.area, settings.ratio, rng)
    whole = (operated(frame, operations) for frame in frames)
    return np.stack([resize(frame[top : top + height, left : left + width], size, size) for frame in whole])


def resized_crop_box(
    height: int, width: int, area: tuple[float, float], ratio: tuple[float, float], rng: np.random.Generator
) -> Box:
    """A box of random area and shape anywhere in a frame; after ten that do not fit, the largest one in the centre.

    area: shares of the frame, drawn uniformly. ratio: width over height, drawn uniformly in its logarithm.
    """
    for _ in range(TRIES):
        pixels = height * width * rng.uniform(*area)
        shape = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        rows, columns = round(math.sqrt(pixels / shape)), round(math.sqrt(pixels * shape))
        if 0 < rows <= height and 0 < columns <= width:
            return int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1)), rows, columns
    shape = min(max(width / height, ratio[0]), ratio[1])
    rows, columns = min(height, round(width / shape)), min(width, round(height * shape))
    return (height - rows) // 2, (width - columns) // 2, rows, columns
