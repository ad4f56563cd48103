"""Sizes of pictures, float32 (H, W, 3) in 0..1.

Resizing is bilinear without smoothing, as in the code the recipe comes from; large sources were smoothed when stored.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

cv2.setNumThreads(1)  # loader workers are processes


def stored_side(size: int) -> int:
    """The short side before cropping: 256 for an input of 224, round(S * 256 / 224) for another size S."""
    return round(size * 256 / 224)


def to_float(frame: NDArray[np.uint8]) -> Picture:
    """uint8 in 0..255 -> float32 in 0..1."""
    return np.divide(frame, np.float32(255), dtype=np.float32)


def short_sides(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width with the short side `side`, ratio kept."""
    scale = side / min(height, width)
    return max(side, int(height * scale + 0.5)), max(side, int(width * scale + 0.5))


def resize(picture: Picture, height: int, width: int) -> Picture:
    """(H, W, 3) to (height, width, 3), bilinear, pixel centres aligned as in interpolate(align_corners=False)."""
    if picture.shape[:2] == (height, width):
        return picture
    resized: Picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized
