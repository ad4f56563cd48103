"""Colour changes of a picture, uint8 (H, W, 3).

They are those of torchvision's operators on uint8 pictures, which compute with Pillow: every change ends in whole grey
levels, the decimals cut off. OpenCV computes them here, in a fifth of the time, and tests compare the two.
"""

from __future__ import annotations

import cv2
import numpy as np

from tcclip.data.resizing import Picture

CUT = -0.4995  # added before OpenCV rounds: the decimals are cut off, and whole numbers survive an error of floats
LEVELS = 255  # of hue and saturation
# Hue in degrees and saturation in 0..1 to their levels, and back
TO_LEVELS = np.array([[LEVELS / 360, 0, 0, CUT], [0, LEVELS, 0, CUT], [0, 0, 1, 0]], dtype=np.float32)
FROM_LEVELS = np.diag(np.array([360 / LEVELS, 1 / LEVELS, 1], dtype=np.float32))


def luma(picture: Picture) -> Picture:
    """The grey values, (H, W)."""
    values: Picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return values


def grey(picture: Picture) -> Picture:
    """The grey values in all three channels."""
    changed: Picture = cv2.cvtColor(luma(picture), cv2.COLOR_GRAY2RGB)
    return changed


def brightness(picture: Picture, factor: float) -> Picture:
    """factor * picture."""
    return _blend(picture, factor, picture, 0, 0)


def contrast(picture: Picture, factor: float) -> Picture:
    """Between the picture's mean grey (0), a whole number, and the picture (1), and beyond."""
    mean = int(cv2.mean(luma(picture))[0] + 0.5)
    return _blend(picture, factor, picture, 0, (1 - factor) * mean)


def saturation(picture: Picture, factor: float) -> Picture:
    """Between the grey picture (0) and the picture (1), and beyond."""
    return _blend(picture, factor, grey(picture), 1 - factor, 0)


def hue(picture: Picture, shift: float) -> Picture:
    """Turn the hue of HSV by `shift` turns; hue and saturation have 255 levels, and 256 steps of hue are a turn."""
    hsv = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2HSV)  # degrees, 0..1, 0..255
    levels = cv2.convertScaleAbs(cv2.transform(hsv, TO_LEVELS, dst=hsv))
    levels[..., 0] += np.uint8(int(shift * LEVELS) % 256)
    hsv = cv2.transform(levels.astype(np.float32), FROM_LEVELS, dst=hsv)
    changed: Picture = cv2.convertScaleAbs(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB, dst=hsv))
    return changed


def _blend(one: Picture, share: float, other: Picture, other_share: float, plus: float) -> Picture:
    """share * one + other_share * other + plus in whole numbers of 0..255."""
    blended: Picture = cv2.addWeighted(one, share, other, other_share, plus + CUT)
    return blended
