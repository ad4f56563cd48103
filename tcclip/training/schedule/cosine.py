"""Linear from 0, then a cosine that was counted from 0: the schedule of X-CLIP and its descendants (methods.md 1.5)."""

from __future__ import annotations

import math

from tcclip.params.kinds.schedule.cosine import Settings
from tcclip.training.budget import Budget
from tcclip.training.schedule.schedule import Schedule


def make(settings: Settings) -> Schedule:
    """No settings."""
    return rate


def rate(length: Budget, epoch: int, step: int, base: float, lr_min: float) -> float:
    """The rate of an optimizer step."""
    time = length.iteration_of_rate(epoch, step)
    return lr_at(time, base=base, lr_min=lr_min, warmup=length.warmup, total=length.total)


def lr_at(iteration: int, *, base: float, lr_min: float, warmup: int, total: int) -> float:
    """Learning rate at a micro-iteration: linear from 0 to `base`, then a cosine to `lr_min` that was counted from 0.

    The cosine does not subtract the warm-up, so the rate drops when warm-up ends. `lr_min` is one absolute value for
    all parameter groups; `base` is the group's own (10x for new parameters).
    """
    if iteration < warmup:
        return base * iteration / warmup
    return lr_min + (base - lr_min) / 2 * (1 + math.cos(math.pi * iteration / total))
