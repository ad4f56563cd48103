"""Pixel statistics of a model's input."""

from __future__ import annotations

import torch
from torch import Tensor

STATISTICS = {  # mean and standard deviation of red, green, blue in 0..255
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "clip": ((122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)),
}


def normalise(clip: Tensor, norm: str) -> Tensor:
    """(T, 3, H, W) in 0..1 to zero mean and unit variance of the named statistics."""
    mean, std = statistics(norm)
    return (clip - mean).div_(std).contiguous()


def statistics(norm: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (3, 1, 1) for pixels in 0..1."""
    mean, std = (torch.tensor(values).view(3, 1, 1) / 255 for values in STATISTICS[norm])
    return mean, std
