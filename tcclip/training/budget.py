"""When the optimizer steps, and how time is counted (methods.md 1.5).

The optimizer steps after `accumulation` micro-batches; what is left at the end of an epoch is discarded, but still
counts as time. Time is counted in micro-iterations of one of `counted_for` processes that would share every step, four
in the published runs, however many share it here: a process has a quarter of an epoch's micro-batches, rounded down,
and the rate of a step depends on that rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How long a training is."""

    epochs: int
    warmup_epochs: int
    iterations: int  # micro-batches of one epoch
    accumulation: int  # micro-batches of one optimizer step
    counted_for: int = 1  # processes that share a step equally where time is counted

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one epoch."""
        return self.iterations // self.accumulation

    def iterations_of(self, step: int) -> range:
        """The micro-batches of an epoch that make its optimizer step `step`."""
        return range(step * self.accumulation, (step + 1) * self.accumulation)

    @property
    def time_of_epoch(self) -> int:
        """Micro-iterations of one epoch in one of the counted processes."""
        return self.iterations // self.counted_for

    @property
    def total(self) -> int:
        """Micro-iterations of the whole training in one of the counted processes."""
        return self.epochs * self.time_of_epoch

    @property
    def warmup(self) -> int:
        """Micro-iterations of the warm-up in one of the counted processes."""
        return self.warmup_epochs * self.time_of_epoch

    def iteration_of_rate(self, epoch: int, step: int) -> int:
        """The time whose rate is used by optimizer step `step` of `epoch` (both from 0).

        The rate is set after an optimizer step, at the micro-iteration of that step, so every step uses the time of the
        step before it, and the first step of all uses time 0.
        """
        if step == 0 and epoch == 0:
            return 0
        if step == 0:
            epoch, step = epoch - 1, self.steps_per_epoch
        return epoch * self.time_of_epoch + step * (self.accumulation // self.counted_for) - 1


def budget(
    videos: int, *, epochs: int, warmup_epochs: int, total_batch: int, micro_batch: int, counted_for: int
) -> Budget:
    """The budget of a training on `videos` videos, whatever the number of processes that share its steps.

    A step whose micro-batches cannot be shared equally by `counted_for` processes is counted for the largest number
    that divides both: a step of one micro-batch for one.
    """
    accumulation = total_batch // micro_batch
    return Budget(
        epochs=epochs,
        warmup_epochs=warmup_epochs,
        iterations=videos // micro_batch,
        accumulation=accumulation,
        counted_for=math.gcd(counted_for, accumulation),
    )
