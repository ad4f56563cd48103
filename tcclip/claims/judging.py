"""Whether a claim holds, from the replicates of its differences: pure arithmetic.

It holds if the interval of every difference lies on the claim's side. Their number needs no correction: whichever is
the wrong one, its own interval would have to miss the truth (an intersection-union test, Berger 1982).
It does not hold if the interval of at least one lies on the other side. Here each further difference is a further
chance of a false alarm, so that these intervals are wider: all of them together have the level (Beran 1988), with what
they have in common taken into account, as the rows of a table are tested on the same videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcclip.params.claims import Word
from tcclip.params.statistics import Statistics
from tcclip.statistics.intervals import difference_of

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Judgement:
    """What is said of a claim with m measured differences."""

    word: Word
    own: Floats  # (m, 2): the interval of each
    joint: Floats  # (m, 2): intervals that all together have the level
    each: tuple[Word, ...]  # what is said of each
    decisive: int | None  # the difference that is the least, or the most against, what the claim says


def judge(
    values: Floats,
    replicates: Floats,
    regions: Floats,
    settings: Statistics,
    counted: Sequence[bool] | None = None,
    complete: bool = True,
) -> Judgement:
    """Judge a claim that says of m numbers that each lies in its region.

    Args:
        values: (m,) the measured numbers.
        replicates: (m, R) draws of them, the same draw in a column. Of a number whose spread is not known they are not
            numbers, and nothing is said of it.
        regions: (m, 2) open intervals in which the numbers should lie.
        settings: of intervals, with their level.
        counted: (m,) which are counted costs, without any error: their replicates are the number itself.
        complete: whether these are all numbers of the claim. It cannot hold where some are not measured.
    """
    if not len(values):
        nothing = np.empty((0, 2))
        return Judgement("not measured", nothing, nothing, (), None)
    own = intervals(replicates, settings)
    joint = intervals(replicates, settings.model_copy(update={"level": joint_level(replicates, settings.level)}))
    inside = (own[:, 0] > regions[:, 0]) & (own[:, 1] < regions[:, 1])
    outside = (joint[:, 1] < regions[:, 0]) | (joint[:, 0] > regions[:, 1])
    against = outside | (np.array(counted or [False] * len(values)) & ~inside)
    each = tuple(_word(a, b) for a, b in zip(inside.tolist(), against.tolist(), strict=True))
    word = _word(bool(inside.all()) and complete, bool(against.any()))
    candidates = against if against.any() else np.ones(len(values), bool)
    return Judgement(word, own, joint, each, _decisive(values, own, regions, candidates))


def _word(inside: bool, against: bool) -> Word:
    return "does not hold" if against else "holds" if inside else "undecided"


def intervals(replicates: Floats, settings: Statistics) -> Floats:
    """The intervals (m, 2) of m differences with replicates (m, R)."""
    found = [difference_of(draws, settings) for draws in replicates]
    return np.array([(interval.low, interval.high) for interval in found])


def joint_level(replicates: Floats, level: float) -> float:
    """The level, in percent, at which in `level` percent of the draws the intervals of all m numbers hold theirs.

    For one number, or for numbers that move as one, it is `level`; for many independent ones nearly 100.
    """
    furthest = np.max([np.abs(2 * _place(draws) - 1) for draws in replicates], axis=0)
    return max(level, 100 * float(np.quantile(furthest, level / 100)))


def _place(draws: Floats) -> Floats:
    """Where each of (R,) draws stands among all of them, between 0 and 1; equal ones stand at their middle."""
    ordered = np.sort(draws)
    return (np.searchsorted(ordered, draws, "left") + np.searchsorted(ordered, draws, "right")) / (2 * len(draws))


def _decisive(values: Floats, own: Floats, regions: Floats, candidates: NDArray[np.bool_]) -> int:
    """The candidate that is furthest out of its region, or least far inside, in widths of its interval."""
    widths = np.maximum(np.nan_to_num(own[:, 1] - own[:, 0]), 1e-9)
    distance = np.minimum(values - regions[:, 0], regions[:, 1] - values) / widths
    return int(np.argmin(np.where(candidates, distance, np.inf)))
