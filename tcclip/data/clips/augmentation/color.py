"""Colour changes of a picture, float32 (H, W, 3) in 0..1.

The formulas are those of torchvision's colour operators, and tests compare the two. OpenCV computes them, because it
passes over a picture once where PyTorch and NumPy do so for every product and sum.
"""

from __future__ import annotations

import cv2
import numpy as np

from tcclip.data.clips.resizing import Picture

LUMA = np.array([[0.2989, 0.587, 0.114]], dtype=np.float32)


def grey(picture: Picture) -> Picture:
    """The grey values in all three channels."""
    changed: Picture = cv2.transform(picture, np.repeat(LUMA, 3, axis=0))
    return changed


def brightness(picture: Picture, factor: float) -> Picture:
    """factor * picture."""
    return _clipped(picture * np.float32(factor), factor)


def contrast(picture: Picture, factor: float) -> Picture:
    """Between the picture's mean grey (0) and the picture (1), and beyond."""
    mean = float(np.dot(LUMA[0], cv2.mean(picture)[:3]))
    blend = np.column_stack([factor * np.eye(3), np.full(3, (1 - factor) * mean)])
    return _clipped(cv2.transform(picture, blend.astype(np.float32)), factor)


def saturation(picture: Picture, factor: float) -> Picture:
    """Between the grey picture (0) and the picture (1), and beyond."""
    blend = factor * np.eye(3) + (1 - factor) * LUMA
    return _clipped(cv2.transform(picture, blend.astype(np.float32)), factor)


def hue(picture: Picture, shift: float) -> Picture:
    """Turn the hue of HSV by `shift` turns; a pixel's largest and smallest values stay what they are."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)  # hue in degrees
    hsv = cv2.add(hsv, (360 * (shift % 1), 0, 0, 0), dst=hsv)  # below 720; the way back takes whole turns off
    changed: Picture = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB, dst=hsv)
    return changed


def _clipped(picture: Picture, factor: float) -> Picture:
    """In 0..1 again; a factor up to 1 does not lead out of it."""
    return picture if factor <= 1 else np.clip(picture, 0, 1, out=picture)
