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
