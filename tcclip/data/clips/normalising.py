"""Pixel statistics of a model's input."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tcclip.data.resizing import Picture

STATISTICS = {  # mean and standard deviation of red, green, blue in 0..255
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "clip": ((122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)),
}


def normalise(clip: Tensor, norm: str) -> Tensor:
    """(T, 3, H, W) in 0..1 to zero mean and unit variance of the named statistics."""
    mean, std = (torch.tensor(values).view(3, 1, 1) / 255 for values in STATISTICS[norm])
    return (clip - mean).div_(std).contiguous()


def normalise_into(planes: NDArray[np.float32], picture: Picture, norm: str) -> None:
    """Write a picture (H, W, 3) in 0..255 to `planes` (3, H, W) with zero mean and unit variance."""
    cv2.split(cv2.transform(picture.astype(np.float32), _to_unit(norm)), list(planes))


@functools.cache
def _to_unit(norm: str) -> NDArray[np.float64]:
    """(x - mean) / std as a matrix of three rows for red, green, blue and 1."""
    mean, std = np.array(STATISTICS[norm])
    return np.column_stack([np.diag(1 / std), -mean / std])
