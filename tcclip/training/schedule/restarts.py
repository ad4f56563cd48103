"""A cosine over optimizer steps that begins anew after a period, whatever the training's length.

Source: systems/a5.md, fact 3. The rate is set after a step, so the second step still has that of the first.
"""

from __future__ import annotations

import math
from functools import partial

from tcclip.params.kinds.schedule.restarts import Settings
from tcclip.training.budget import Budget
from tcclip.training.schedule.schedule import Schedule


def make(settings: Settings) -> Schedule:
    """A cosine of the settings' period."""
    return partial(rate, settings.period)


def rate(period: int, length: Budget, epoch: int, step: int, base: float, lr_min: float) -> float:
    """The rate of an optimizer step; where the protocol has a warm-up, a linear one from 0 comes before the cosine."""
    done, warmup = epoch * length.steps_per_epoch + step, length.warmup_epochs * length.steps_per_epoch
    if done < warmup:
        return base * done / warmup
    return rate_at(done, base=base, lr_min=lr_min, period=period)


def rate_at(done: int, *, base: float, lr_min: float, period: int) -> float:
    """lr_min + (base - lr_min)/2 (1 + cos(pi s / period)), s = done - 1 modulo the period, after `done` steps."""
    since = max(done - 1, 0) % period
    return lr_min + (base - lr_min) / 2 * (1 + math.cos(math.pi * since / period))
