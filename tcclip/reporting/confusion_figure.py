"""Confusion matrices side by side: which classes a method takes for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tcclip.reporting import style
from tcclip.reporting.per_class import neighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMES = 40  # classes with names on the axes
LARGEST = 4.0  # inches of a matrix
HEAD, TITLE, GAP = 0.3, 0.45, 0.12  # inches: the heading, two lines above a matrix, between matrices
AXIS, SCALE = 0.4, 0.85  # inches: what an axis is called, with its ticks; the colours at the right
LETTERS, LETTER = 30, 0.056  # of a line of a class name, and inches of one
POINTS, LEADING = (6.0, 7.0), 1.2  # size of the names, from small to usual, and their lines


class _Places(NamedTuple):
    """Where matrices stand; inches."""

    columns: int
    rows: int
    side: float  # of a matrix
    names: float  # room for class names, at the left and below


@style.styled
def confusion_matrices(confusions: Mapping[str, np.ndarray], names: Sequence[str], title: str) -> Figure:
    """Row-normalised confusion, one panel per method; classes taken for each other stand side by side."""
    from matplotlib.figure import Figure

    order = neighbours(np.sum(list(confusions.values()), axis=0))
    shown = [names[i] for i in order] if len(names) <= MOST_NAMES else []
    places = _places(len(confusions), shown)
    left, below, step = AXIS + places.names, AXIS + places.names, places.side + TITLE
    width = left + places.columns * (places.side + GAP) + SCALE
    height = HEAD + places.rows * step + below
    figure = Figure(figsize=(width, height))

    def at(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
        return x / width, y / height, wide / width, high / height

    for number, (method, counts) in enumerate(confusions.items()):
        row, column = divmod(number, places.columns)
        bottom = below + (places.rows - 1 - row) * step
        axis = figure.add_axes(at(left + column * (places.side + GAP), bottom, places.side, places.side))
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        picture = axis.imshow(shares[np.ix_(order, order)], cmap="Blues", vmin=0, vmax=100)
        axis.set_title(f"{method}\ntop-1 {100 * counts.trace() / max(counts.sum(), 1):.1f} %", fontsize=9)
        axis.grid(visible=False)
        lowest = number + places.columns >= len(confusions)
        text, size = _in_room(shown, places.side)
        said = {"fontsize": size, "linespacing": 0.95}
        axis.set_xticks(range(len(text)), text if lowest else [""] * len(text), rotation=90, **said)
        axis.set_yticks(range(len(text)), text if column == 0 else [""] * len(text), **said)
    middle = left + places.columns * (places.side + GAP) / 2
    figure.text(middle / width, 0.12 / height, "predicted class", ha="center", va="center")
    figure.text(0.12 / width, (below + height - HEAD) / 2 / height, "true class", rotation=90, ha="center", va="center")
    scale = figure.add_axes(at(width - SCALE + 0.1, height - HEAD - step, 0.14, places.side))
    figure.colorbar(picture, cax=scale, label="videos of the true class (%)")
    figure.text(0.08 / width, 1 - 0.16 / height, title, va="center", fontweight="bold", fontsize=10)
    return figure


def _places(count: int, names: Sequence[str]) -> _Places:
    """At most three matrices in a row, and two where three would leave no room for the names."""
    least = len(names) * POINTS[0] * LEADING / 72
    for columns in (min(3, count), min(2, count)):
        side, room = LARGEST, 0.0
        for _ in range(2):  # names have as many lines as the matrix has room for
            text, _size = _in_room(names, side)
            room = LETTER * max((len(line) for name in text for line in name.splitlines()), default=0)
            side = min(LARGEST, (style.WIDTH - AXIS - room - SCALE) / columns - GAP)
        if side >= least:
            break
    return _Places(columns, -(-count // columns), side, room)


def _in_room(names: Sequence[str], side: float) -> tuple[list[str], float]:
    """Class names in as many lines as a row of a matrix has, the rest of them cut off; and their size in points."""
    row = 72 * side / max(len(names), 1)
    lines, size = max(1, int(row / (POINTS[1] * LEADING))), min(POINTS[1], row / LEADING)
    return ["\n".join(wrap(name, LETTERS, max_lines=lines, placeholder=" …")) for name in names], size
