"""The weights after the first epoch with the highest top-1 on the validation split."""

from __future__ import annotations

from tcclip.params.kinds.select.best import Settings
from tcclip.training.select.selection import Finished, Selection, Weights


def make(settings: Settings) -> Selection:
    """Hold a copy of the best epoch's weights."""
    return Selection(hold, lambda held, last: held, lambda best, last: dict(best))


def hold(held: Weights, finished: Finished) -> Weights:
    """The weights of the epoch if it is better than all before."""
    return finished.weights() if finished.best else held
