"""Colour changes of many frames at once. Frames are float32 (n, 3, H, W) in 0..1, one factor per frame (n,).

The formulas are those of torchvision's colour operators, and tests compare the two; importing torchvision would cost
every training process a second.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)


def luma(frames: Tensor) -> Tensor:
    """Grey values (n, 1, H, W)."""
    red, green, blue = frames.unbind(1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2]).unsqueeze(1)


def brightness(frames: Tensor, factor: Tensor) -> Tensor:
    """factor * frame."""
    return (frames * _column(factor)).clamp_(0, 1)


def contrast(frames: Tensor, factor: Tensor) -> Tensor:
    """Between the frame's mean grey (0) and the frame (1), and beyond."""
    # rows first: a sum over a whole frame would depend on the number of threads in its last bits
    mean = luma(frames).mean(dim=3, keepdim=True).mean(dim=2, keepdim=True)
    return _blend(frames, mean, factor)


def saturation(frames: Tensor, factor: Tensor) -> Tensor:
    """Between the grey frame (0) and the frame (1), and beyond."""
    return _blend(frames, luma(frames), factor)


def hue(frames: Tensor, shift: Tensor) -> Tensor:
    """Turn the hue of HSV by `shift` turns (-0.5..0.5); a pixel's largest and smallest values stay what they are.

    With h the hue in sixths of a turn, a channel is min + chroma * clamp(w, 0, 1), where w = |h - 3| - 1 for red,
    2 - |h - 2| for green, 2 - |h - 4| for blue.
    """
    red, green, blue = frames.numpy().swapaxes(0, 1)
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    chroma = high - low
    # sums of products with 0 and 1: choosing pixel by pixel is thirty times as slow
    is_red = (high == red).astype(np.float32)
    is_green = (high == green).astype(np.float32)
    is_green *= 1 - is_red
    is_blue = 1 - is_red
    is_blue -= is_green
    above = is_red * (green - blue)
    above += is_green * (blue - red)
    above += is_blue * (red - green)
    sixths = above
    sixths /= chroma + (chroma == 0).astype(np.float32)
    sixths += 2 * is_green + 4 * is_blue
    sixths += (shift * 6).view(-1, 1, 1).numpy()
    sixths += 6 * ((sixths < 0).astype(np.float32) - (sixths >= 6).astype(np.float32))  # into 0..6
    share = np.empty(frames.shape, dtype=np.float32)
    for channel, (centre, sign, offset) in enumerate(((3, 1, -1), (2, -1, 2), (4, -1, 2))):
        wave = np.subtract(sixths, centre, out=share[:, channel])
        np.abs(wave, out=wave)
        wave *= sign
        wave += offset
    np.clip(share, 0, 1, out=share)
    base, span = torch.from_numpy(low).unsqueeze(1), torch.from_numpy(chroma).unsqueeze(1)
    return torch.addcmul(base, torch.from_numpy(share), span)


def _blend(frames: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    share = _column(factor)
    return (frames * share).add_(other * (1 - share)).clamp_(0, 1)


def _column(factor: Tensor) -> Tensor:
    return factor.view(-1, 1, 1, 1)
