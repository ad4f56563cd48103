"""What replicates say: the interval of a value, and of a difference with its p-value (docs/judging.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from tcclip.params.statistics import Statistics


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, in the unit of the replicates."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """The interval of a difference, and how likely one as large is if there is none."""

    p: float


def interval_of(value: float, replicates: np.ndarray, settings: Statistics) -> Interval:
    """The interval, in percent, of an accuracy or a mean of some: percentiles of its replicates (draws,), and `value`.

    Accuracies near 0 or 100 have an interval that is longer towards the middle, as they should. Replicates over seeds,
    which are about their mean by Student's t, may be outside of 0 to 100; the interval ends there.
    """
    low, high = np.clip(np.quantile(replicates, [settings.tail, 1 - settings.tail]), 0, 100)
    return Interval(min(float(low), value), max(float(high), value))


def difference_of(replicates: np.ndarray, settings: Statistics, seeds: int = 1) -> Difference:
    """The interval of a difference, about the median of its replicates (draws,), which are over so many seeds.

    It is as wide as the percentiles are apart, to both sides alike, and p is that of a normal distribution of this
    width: of two rows that differ in few videos, percentiles themselves would see a difference too often. Over seeds it
    is that of Student's t, by which their mean is drawn, with its longer tails. p is below
    1 - level where the interval is without zero, and only there. Equal predictions of two runs differ in their half
    videos (weights.py) alone, which leaves p near 1; a row less itself has replicates that are all zero, and p is 1.
    """
    low, middle, high = np.quantile(replicates, [settings.tail, 0.5, 1 - settings.tail])
    half = (high - low) / 2
    if not half > 0:
        p = 1.0
    elif seeds > 1:
        p = 2 * stdtr(seeds - 1, -abs(middle) * stdtrit(seeds - 1, 1 - settings.tail) / half)
    else:
        p = 2 * ndtr(-abs(middle) * ndtri(1 - settings.tail) / half)
    return Difference(float(middle - half), float(middle + half), float(p))
