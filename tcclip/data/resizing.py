"""Sizes of pictures, uint8 (H, W, 3).

The recipe's source resizes with OpenCV: bilinear between the four nearest pixels, also where a picture shrinks, and
rounded to uint8 each time (methods.md 1.3). Smoothing, which avoids aliasing, is a choice for stored frames.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

cv2.setNumThreads(1)  # loader workers are processes


def stored_side(size: int, of_224: int = 256) -> int:
    """The short side before cropping: `of_224` for an input of 224, in proportion for another size."""
    return round(size * of_224 / 224)


def short_sides(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width with the short side `side`, ratio kept."""
    scale = side / min(height, width)
    return max(side, int(height * scale + 0.5)), max(side, int(width * scale + 0.5))


def resize(picture: Picture, height: int, width: int, how: Literal["plain", "smooth", "bicubic"] = "plain") -> Picture:
    """(H, W, 3) to (height, width, 3).

    plain: bilinear with aligned pixel centres, as OpenCV's INTER_LINEAR. smooth: a shrunk pixel is the weighted mean of
    all that it covers, as Pillow's BILINEAR. bicubic: as Pillow's BICUBIC, which smooths too.
    """
    if picture.shape[:2] == (height, width):
        return picture
    if how != "plain":
        filtered = Image.Resampling.BILINEAR if how == "smooth" else Image.Resampling.BICUBIC
        return np.asarray(Image.fromarray(picture).resize((width, height), filtered))
    resized: Picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized
