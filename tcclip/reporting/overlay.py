"""Maps over pictures: shares of patches as colours that everybody tells apart, on the frames that they belong to."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

COLOURS = "viridis"
STRENGTH = 0.6  # of the colour over the frame, which is grey below it
LEAST = 2.0  # the scale never ends below twice the mean, so that an even map looks even

Array = NDArray[np.float32]


def relative(patches: Array) -> Array:
    """Shares (T, N) as multiples of the mean share of a patch, so that maps of all systems have one scale."""
    mean = patches.mean()
    return patches / mean if mean > 0 else patches


def end_of_scale(maps: list[Array]) -> float:
    """What is brightest in all maps together: 99 of 100 patches are below it."""
    return max(LEAST, float(np.percentile(np.concatenate([each.ravel() for each in maps]), 99)))


def overlaid(pictures: NDArray[np.uint8], maps: Array, end: float) -> Array:
    """Pictures (T, S, S, 3) below their maps (T, N), 0 to `end` as colours; (T, S, S, 3) in 0..1."""
    import matplotlib

    table = matplotlib.colormaps[COLOURS]
    across = round(maps.shape[1] ** 0.5)
    shown = np.empty(pictures.shape, dtype=np.float32)
    for frame, (picture, patches) in enumerate(zip(pictures, maps, strict=True)):
        side = picture.shape[:2]
        smooth = cv2.resize(patches.reshape(across, across).astype(np.float32), side, interpolation=cv2.INTER_LINEAR)
        grey = picture.astype(np.float32).mean(axis=2, keepdims=True) / 255
        shown[frame] = (1 - STRENGTH) * grey + STRENGTH * table(np.clip(smooth / end, 0, 1))[..., :3]
    return shown
