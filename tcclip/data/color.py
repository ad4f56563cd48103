"""Colour changes of many frames at once. Frames are float32 (n, 3, H, W) in 0..1, one factor per frame (n,).

The formulas are those of torchvision's colour operators, and tests compare the two; importing torchvision would cost
every training process a second.
"""

from __future__ import annotations

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
    red, green, blue = frames.unbind(1)
    high = torch.maximum(torch.maximum(red, green), blue)
    low = torch.minimum(torch.minimum(red, green), blue)
    chroma = high - low
    is_red, is_green = high == red, high == green
    above = torch.where(is_red, green - blue, torch.where(is_green, blue - red, red - green))
    start = torch.where(is_red, 0.0, torch.where(is_green, 2.0, 4.0))
    sixths = above.div_(chroma + (chroma == 0)).add_(start).add_((shift * 6).view(-1, 1, 1)).remainder_(6)
    share = torch.stack(
        [(sixths - 3).abs_().sub_(1), (sixths - 2).abs_().neg_().add_(2), (sixths - 4).abs_().neg_().add_(2)], dim=1
    )  # (n, 3, H, W)
    return torch.addcmul(low.unsqueeze(1), share.clamp_(0, 1), chroma.unsqueeze(1))


def _blend(frames: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    share = _column(factor)
    return (frames * share).add_(other * (1 - share)).clamp_(0, 1)


def _column(factor: Tensor) -> Tensor:
    return factor.view(-1, 1, 1, 1)
