"""How a container wants its pictures turned and mirrored: one of eight orientations, as a display matrix says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """First the turn, then the mirror."""

    turn: int = 0  # degrees clockwise: 0, 90, 180 or 270
    mirrored: bool = False  # left and right change places


def of_matrix(matrix: Sequence[int]) -> Orientation:
    """The orientation nearest to a display matrix, nine numbers as in ISO 14496-12, 6.2.2.

    A pixel at (p, q), right and down, is shown at (a p + c q, b p + d q) with a, b, c, d the numbers 0, 1, 3 and 4.
    """
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    mirrored = a * d - b * c < 0
    angle = math.degrees(math.atan2(b, -a if mirrored else a))
    return Orientation(round(angle / 90) % 4 * 90, mirrored)


def all_of(frame: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A picture in all eight orientations, itself first."""
    return [upright(frame, Orientation(turn, mirrored)) for mirrored in (False, True) for turn in (0, 90, 180, 270)]


def upright(frame: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    """A decoded picture (H, W, 3) as it is to be shown; a view."""
    turned = np.rot90(frame, -orientation.turn // 90 % 4)  # rot90 turns the other way round
    return turned[:, ::-1] if orientation.mirrored else turned


def after_decord(frame: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    """What decord gives, as it is to be shown: decord turns by the first column of the matrix and never mirrors."""
    if not orientation.mirrored:
        return frame
    decord = (180 - orientation.turn) % 360  # a mirror changes the sign of that column's first number
    return upright(np.rot90(frame, decord // 90), orientation)
