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
    return _blend(frames, luma(frames).mean(dim=(1, 2, 3), keepdim=True), factor)


def saturation(frames: Tensor, factor: Tensor) -> Tensor:
    """Between the grey frame (0) and the frame (1), and beyond."""
    return _blend(frames, luma(frames), factor)


def hue(frames: Tensor, shift: Tensor) -> Tensor:
    """Turn the hue of HSV by `shift` turns (-0.5..0.5).

    With value v = max, chroma c = max - min and hue h in sixths of a turn, the channels of a colour are
    v - c * clamp(min(q, 4 - q), 0, 1), q = (n + h) mod 6, n = 5, 3, 1 for red, green, blue.
    """
    red, green, blue = frames.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    divisor = chroma + (chroma == 0)
    in_blue = (red - green).div_(divisor).add_(4)
    in_green = (blue - red).div_(divisor).add_(2)
    in_red = (green - blue).div_(divisor)
    sixths = torch.where(value == red, in_red, torch.where(value == green, in_green, in_blue))
    sixths = sixths.add_((shift * 6).view(-1, 1, 1))
    # channel n is value minus chroma times a trapezoid of the hue; (n, 3, H, W)
    place = (sixths.unsqueeze(1) + torch.tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1)).remainder_(6)
    trapezoid = torch.minimum(place, 4 - place).clamp_(0, 1)
    return value.unsqueeze(1) - trapezoid.mul_(chroma.unsqueeze(1))


def _blend(frames: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    share = _column(factor)
    return (frames * share).add_(other * (1 - share)).clamp_(0, 1)


def _column(factor: Tensor) -> Tensor:
    return factor.view(-1, 1, 1, 1)
