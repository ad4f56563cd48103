"""What the training loop asks of a selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Weights = dict[str, Tensor]  # by canonical name, on the CPU


@dataclass(frozen=True)
class Finished:
    """An epoch that is done and, where that is due, validated."""

    epoch: int  # from 0
    best: bool  # its validation is better than all before it
    weights: Callable[[], Weights]  # makes a copy


@dataclass(frozen=True)
class Selection:
    """A kind of selection. What it holds between epochs is a part of the resume state, in the first process alone."""

    hold: Callable[[Weights, Finished], Weights]  # what it held and an epoch -> what it holds now
    result: Callable[[Weights, Weights], Weights]  # what it holds and the last weights -> the weights that are kept
    # The best and the last epoch with their top-1, as training.json has them -> what it says of the weights kept.
    told: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
