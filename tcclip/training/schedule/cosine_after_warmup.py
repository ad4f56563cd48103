"""Linear, then a cosine over what is left after warm-up, in epochs (systems/action_clip.md 7.4, open_vclip.md 4.10)."""

from __future__ import annotations

import math

from tcclip.params.kinds.schedule.cosine_after_warmup import Settings
from tcclip.training.budget import Budget
from tcclip.training.schedule.schedule import Schedule


def make(settings: Settings) -> Schedule:
    """The cosine, set as often as the settings say."""

    def rate(length: Budget, epoch: int, step: int, base: float, lr_min: float) -> float:
        """The rate of an optimizer step: that of the latest step at which it was set."""
        set_at = max(step - (step + 1) % settings.set_every, 0)  # the epoch's first step sets it too
        time = epoch + set_at / length.steps_per_epoch  # in epochs
        if time < length.warmup_epochs:
            lowest = lr_min if settings.warmup_from_min else 0.0
            return lowest + (base - lowest) * time / length.warmup_epochs
        done = (time - length.warmup_epochs) / (length.epochs - length.warmup_epochs)
        return lr_min + (base - lr_min) / 2 * (1 + math.cos(math.pi * done))

    return rate
