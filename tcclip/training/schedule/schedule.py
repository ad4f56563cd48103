"""What the training loop asks of a schedule."""

from __future__ import annotations

from typing import Protocol

from tcclip.training.budget import Budget


class Schedule(Protocol):
    """A kind of schedule: a function of the place in the training alone, so that a resumed one needs no state."""

    def __call__(self, length: Budget, epoch: int, step: int, base: float, lr_min: float) -> float:
        """The rate of optimizer step `step` of `epoch` (both from 0) of a training of that length.

        base: the highest rate, of one parameter group. lr_min: the protocol's lowest, one value for all groups.
        """
