"""A comparison of params/claims.yaml written out: single differences, or quotients, of a table's cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tcclip.claims.rows import Key, Layout, Place
from tcclip.params.claims import REST, Claim, Comparison


@dataclass(frozen=True)
class Contrast:
    """One number of a claim: a row over another one, in the mean over some columns, and where it should lie."""

    table: str
    row: Place
    over: Place
    columns: tuple[str, ...]
    than: tuple[Place, Place] | None
    ratio: bool
    region: tuple[float, float]

    @property
    def cells(self) -> list[Key]:
        """The cells that it is made of."""
        places = dict.fromkeys([self.row, self.over, *(self.than or ())])
        return [(self.table, *place, column) for place in places for column in self.columns]

    def value(self, of: Callable[[Key], Any]) -> Any:
        """The difference in points, or the quotient: of numbers a number, of replicates (R,) an array (R,)."""
        row, over = self._mean(self.row, of), self._mean(self.over, of)
        if self.ratio:
            return row / over
        return row - over - (self._mean(self.than[0], of) - self._mean(self.than[1], of) if self.than else 0.0)

    def _mean(self, place: Place, of: Callable[[Key], Any]) -> Any:
        return np.mean([of((self.table, *place, column)) for column in self.columns], axis=0)


def contrasts(claim: Claim, layouts: Mapping[str, Layout]) -> list[Contrast]:
    """All numbers of a claim, without those of cells that the table leaves empty as the paper does.

    Raises:
        UserError: a table, row or column does not exist.
    """
    found = [contrast for part in claim.all_of for contrast in _written_out(claim.name, part, layouts)]
    return list(dict.fromkeys(found))


def _written_out(claim: str, part: Comparison, layouts: Mapping[str, Layout]) -> list[Contrast]:
    layout = Layout.named(part.table, claim, layouts)
    rows, over = _rows(claim, part, layout)
    than = (
        (layout.row(part.than.row, part.group, claim), layout.row(part.than.over, part.group, claim))
        if part.than
        else None
    )
    named = [layout.column(name, claim) for name in part.mean_of or part.columns or ()]
    averaged = [tuple(named)] if part.mean_of else [(name,) for name in named]
    every = [
        Contrast(part.table, row, other, columns, than, part.ratio, part.region)
        for row in rows
        for other in over
        for columns in averaged
        if row != other
    ]
    return [contrast for contrast in every if not layout.empty.intersection(cell[1:] for cell in contrast.cells)]


def _rows(claim: str, part: Comparison, layout: Layout) -> tuple[list[Place], list[Place]]:
    rows = [] if REST in part.rows else [layout.row(name, part.group, claim) for name in part.rows]
    over = [] if REST in part.over else [layout.row(name, part.group, claim) for name in part.over]
    return rows or layout.rest(over), over or layout.rest(rows)
