"""A table as people read it, with what is known of how sure its cells are: marks, notes, and words about a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from tcclip.params import Table
from tcclip.params.column import Column, MeasuredColumn
from tcclip.reporting.cells import by_place
from tcclip.reporting.grid import BEYOND, DOWN, UP, BesideBaseline, Grid, GridCell, GridLine, number


def with_comparisons(shown: Grid, frame: pd.DataFrame, table: Table, level: float) -> Grid:
    """`shown` with the intervals and comparisons of `frame`, whose INTERVALS are filled, in its cells and notes."""
    cells = by_place(frame)

    def line_of(line: GridLine) -> GridLine:
        baseline = table.baseline_of(line.group, line.row)
        name = baseline[1] if baseline else ""
        entries = [
            _known(entry, cells[line.group, line.row, column.name], name, column)
            for column, entry in zip(table.columns, line.entries, strict=True)
        ]
        return replace(line, entries=entries)

    lines = [line_of(line) for line in shown.lines]
    return replace(shown, lines=lines, notes=[*shown.notes, *_notes(lines, level)])


def about(entry: GridCell) -> str:
    """What a cell says of itself where one points at it; empty where there is nothing to say."""
    said = []
    if entry.value is not None and entry.published is not None:
        said.append(f"paper: {number(entry.published)}")
    if entry.interval:
        said.append(f"interval {number(entry.interval[0])} to {number(entry.interval[1])}")
    if found := entry.compared:
        interval = f"{found.low:+.1f} to {found.high:+.1f}"
        said.append(f"{found.difference:+.1f} against {found.baseline} ({interval}, p {p_value(found.p)})")
    return "; ".join(said)


def p_value(p: float) -> str:
    """With two digits; below 0.001 that it is."""
    return f"{p:.2g}" if p >= 0.001 else "< 0.001"


def _known(entry: GridCell, cell: Any, baseline: str, column: Column) -> GridCell:
    if entry.measured and not pd.isna(cell.low):
        bound = column.bound if isinstance(column, MeasuredColumn) else None
        beyond = bound is not None and cell.low > bound.percent
        entry = replace(entry, interval=(float(cell.low), float(cell.high)), beyond=beyond)
    if entry.measured and not pd.isna(cell.difference):
        numbers = (cell.difference, cell.difference_low, cell.difference_high, cell.p)
        entry = replace(entry, compared=BesideBaseline(baseline, *map(float, numbers)))
    return entry


def _notes(lines: list[GridLine], level: float) -> list[str]:
    entries = [entry for line in lines for entry in line.entries]
    compared = [entry.compared for entry in entries if entry.compared]
    notes = []
    if names := dict.fromkeys(found.baseline for found in compared):
        notes.append(
            f"{UP} {DOWN} above or below {' or '.join(names)}: the {level:g} % interval of the difference, over the "
            "same test videos, is without zero."
        )
    if any(entry.beyond for entry in entries):
        notes.append(f"{BEYOND} above the bound in its column's heading: the {level:g} % interval lies above it.")
    if any(entry.interval for entry in entries):
        notes.append(
            f"{level:g} % intervals of cells and differences are in the CSV. They are about which videos are tested; "
            "of one seed they do not know how trainings differ by chance."
        )
    return notes
