"""Mixup and CutMix of the videos of one micro-batch (methods.md 1.4): one weight, one box, one partner list for all."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tcclip.params.kinds.objective.soft_ce import Mixup
from tcclip.training.losses import smooth_targets

Box = tuple[int, int, int, int]  # top, bottom, left, right


def smoothed_and_mixed(
    clips: Tensor, labels: Tensor, classes: int, smoothing: float, recipe: Mixup | None, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Clips (B, T, 3, H, W) and labels (B,) of a micro-batch -> clips and targets (B, C), mixed where a recipe is."""
    targets = smooth_targets(labels, classes, smoothing)
    return mix(clips, targets, recipe, rng) if recipe else (clips, targets)


def mix(clips: Tensor, targets: Tensor, recipe: Mixup, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mix every video with a partner of the same micro-batch, or (1 - recipe.prob) leave all of them as they are.

    clips (B, T, 3, H, W), targets (B, C) -> the same shapes. A video's own label weighs what its share of pixels is.
    """
    if rng.random() >= recipe.prob:
        return clips, targets
    cut = rng.random() < recipe.cutmix_prob
    alpha = recipe.cutmix_alpha if cut else recipe.mixup_alpha
    share = float(rng.beta(alpha, alpha))
    partner = torch.from_numpy(rng.permutation(len(clips))).to(clips.device, non_blocking=True)
    if not cut:
        return mixup(clips, targets, share, partner)
    height, width = clips.shape[-2:]
    row, column = int(rng.integers(height)), int(rng.integers(width))
    return cutmix(clips, targets, cut_box(height, width, share, row, column), partner)


def mixup(clips: Tensor, targets: Tensor, share: float, partner: Tensor) -> tuple[Tensor, Tensor]:
    """`share` of every video and its target, and the rest of its partner's; partner (B,): positions in the batch."""
    return (
        share * clips + (1 - share) * clips[partner],
        share * targets + (1 - share) * targets[partner],
    )


def cutmix(clips: Tensor, targets: Tensor, box: Box, partner: Tensor) -> tuple[Tensor, Tensor]:
    """Every video with its partner's pixels in the box of all frames, and targets by what each then has of pixels."""
    top, bottom, left, right = box
    mixed = clips.clone()
    mixed[..., top:bottom, left:right] = clips[partner][..., top:bottom, left:right]
    share = 1 - (bottom - top) * (right - left) / (clips.shape[-2] * clips.shape[-1])
    return mixed, share * targets + (1 - share) * targets[partner]


def cut_box(height: int, width: int, share: float, row: int, column: int) -> Box:
    """A box of (1 - share) of the area around a centre, clipped to the frame: top, bottom, left, right.

    It reaches equally far to both sides of its centre, so that a side is an even number of pixels before it is clipped.
    """
    side = np.sqrt(1 - share)
    up, across = int(height * side) // 2, int(width * side) // 2
    return max(row - up, 0), min(row + up, height), max(column - across, 0), min(column + across, width)
