"""Crops of training clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.resizing import Picture, resize, to_float

SNAP = 2  # pixels: a crop side this near the input size becomes the input size

Box = tuple[int, int, int, int]  # top, left, height, width


def cropped(frame: NDArray[np.uint8], sides: tuple[int, int], box: Box, size: int) -> Picture:
    """`box` of a frame uint8 (H, W, 3) resized to `sides`, (size, size, 3) in 0..1.

    Where a frame has these sides already, pixels outside of the box are not touched.
    """
    top, left, height, width = box
    inside = slice(top, top + height), slice(left, left + width)
    picture = to_float(frame[inside]) if frame.shape[:2] == sides else resize(to_float(frame), *sides)[inside]
    return resize(picture, size, size)


def multi_scale_box(height: int, width: int, size: int, scales: list[float], rng: np.random.Generator) -> Box:
    """One of the recipe's crops: sides from neighbouring scales of the short side, at a corner or in the centre."""
    base = min(height, width)
    sides = [int(base * scale) for scale in scales]
    sides = [size if abs(side - size) <= SNAP else side for side in sides]
    pairs = [(h, w) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]
    crop_height, crop_width = pairs[rng.integers(len(pairs))]
    free_height, free_width = height - crop_height, width - crop_width
    places = [
        (0, 0),
        (0, free_width),
        (free_height, 0),
        (free_height, free_width),
        (free_height // 2, free_width // 2),
    ]
    top, left = places[rng.integers(len(places))]
    return top, left, crop_height, crop_width
