"""Tables in a terminal: cells under each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

WIDTH = 110  # characters of a line of text


def aligned(rows: Sequence[Sequence[str]], left: int, text: bool = False) -> Iterator[str]:
    """Rows of cells under each other: the first `left` columns at the left, numbers at the right.

    text: the last column is text, at the left as well.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    for row in rows:
        cells = [
            f"{cell:{'<' if place < left or (text and place == last) else '>'}{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def hours(amount: float) -> str:
    """The cell of a column of hours: `5,555`, `2.4`; of less than one minutes, `21 min`, `0.3 min`."""
    if not amount or amount >= 1:
        return f"{amount:,.0f}" if not amount or amount >= 100 else f"{amount:.3g}"
    minutes = 60 * amount
    return f"{minutes:.0f} min" if minutes >= 10 else f"{minutes:.1f} min"


def hours_in_words(amount: float) -> str:
    """`5,555 hours`, `21 min`."""
    return hours(amount) + ("" if 0 < amount < 1 else " hours")
