"""Pixel statistics of a model's input."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

STATISTICS = {  # mean and standard deviation of red, green, blue in 0..255
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "clip": ((122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)),
}


def normalise(clip: Tensor, norm: str) -> Tensor:
    """(T, 3, H, W) in 0..1 to zero mean and unit variance of the named statistics."""
    mean, std = (torch.tensor(values).view(3, 1, 1) / 255 for values in STATISTICS[norm])
    return (clip - mean).div_(std).contiguous()


def normalised(pictures: NDArray[np.uint8], norm: str) -> Tensor:
    """Pictures uint8 (T, H, W, 3) as a clip, float32 (T, 3, H, W), with zero mean and unit variance."""
    T, height, width, _ = pictures.shape
    clip = np.empty((T, 3, height, width), dtype=np.float32)
    colours = cv2.split(pictures.reshape(T, height * width, 3))
    for plane, colour, of_level in zip(clip.reshape(T, 3, -1).swapaxes(0, 1), colours, _of_levels(norm), strict=True):
        cv2.LUT(colour, of_level, dst=plane)
    return torch.from_numpy(clip)


@functools.cache
def _of_levels(norm: str) -> list[NDArray[np.float32]]:
    """(x - mean) / std of every level x in 0..255, for red, green and blue."""
    mean, std = np.array(STATISTICS[norm])
    levels = np.repeat(np.arange(256, dtype=np.float32), 3).reshape(1, 256, 3)
    return list(cv2.split(cv2.transform(levels, np.column_stack([np.diag(1 / std), -mean / std]))))
