"""The best that a model without an exchange between frames can do on a part, worked out from what the frames show.

Such a model gives every frame's appearance a score by itself and averages over the frames, so that a video's score is
linear in how many of its frames show what. The best of all such scores decides over as many sequences as a plane can
separate: a mixed-integer linear programme over the part's own description.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.diagnostic.parts import DiagnosticPart, Side

LARGEST = 1000.0  # of a score; the margin is 1


def shares(side: Side, things: list[str]) -> dict[tuple[int, ...], float]:
    """How many frames show each of `things` -> how likely that is for a video of the class."""
    found: Counter[tuple[int, ...]] = Counter(
        tuple(sequence.count(thing) for thing in things) for sequence in side.sequences
    )
    return {counts: number / len(side.sequences) for counts, number in found.items()}


def best_without_exchange(part: DiagnosticPart) -> float:
    """The highest accuracy, in percent, of a score that is a mean over frames; both classes are equally likely."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    things = sorted({thing for side in part.sides for sequence in side.sequences for thing in sequence})
    points: list[tuple[int, ...]] = []
    signs: list[int] = []
    likely: list[float] = []
    for sign, side in zip((1, -1), part.sides, strict=True):
        for counts, share in shares(side, things).items():
            points.append(counts)
            signs.append(sign)
            likely.append(share / 2)
    count, size = len(points), len(things)
    # unknown: a score of each thing, a threshold, and for each point whether it is decided rightly
    margin: NDArray[np.float64] = np.hstack(
        [
            np.asarray(signs)[:, None] * np.asarray(points, dtype=float),
            -np.asarray(signs, dtype=float)[:, None],
            -(2 * LARGEST) * np.eye(count),
        ]
    )
    found = milp(
        c=np.concatenate([np.zeros(size + 1), -np.asarray(likely)]),
        integrality=np.concatenate([np.zeros(size + 1), np.ones(count)]),
        bounds=Bounds(
            np.concatenate([np.full(size, -LARGEST / 16), [-LARGEST], np.zeros(count)]),
            np.concatenate([np.full(size, LARGEST / 16), [LARGEST], np.ones(count)]),
        ),
        constraints=LinearConstraint(margin, lb=1 - 2 * LARGEST),
    )
    return float(-100 * found.fun)
