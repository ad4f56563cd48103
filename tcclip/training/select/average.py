"""The mean of the weights after each epoch from one on (stochastic weight averaging)."""

from __future__ import annotations

from functools import partial

import torch

from tcclip.params.kinds.select.average import Settings
from tcclip.training.select.selection import Finished, Selection, Weights

COUNT = ""  # the number of epochs, held beside the sums; no weight has this name


def make(settings: Settings) -> Selection:
    """Hold the sum of the weights; no epoch's validation is that of the mean."""
    told = {"val_top1": None, "from_epoch": settings.from_epoch}
    return Selection(partial(hold, settings.from_epoch), mean, lambda best, last: told)


def hold(from_epoch: int, held: Weights, finished: Finished) -> Weights:
    """The float64 sum over the epochs that count, and their number."""
    if finished.epoch < from_epoch:
        return held
    new = {COUNT: torch.tensor(1.0), **finished.weights()}
    return {name: value.double() + held[name] if held else value.double() for name, value in new.items()}


def mean(held: Weights, last: Weights) -> Weights:
    """The sum divided by the number of epochs, in the type of the weights."""
    return {name: (held[name] / held[COUNT]).to(value.dtype) for name, value in last.items()}
