"""The cells of a table from the run folders: measured, quoted or empty, never mixed (design.md, sections 5.8 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tcclip.plan.cells import Cell, rows_of
from tcclip.plan.evaluation import Costs, Found, Number, Results
from tcclip.reporting.published_numbers import Key, PublishedNumber

INTERVALS = ["low", "high", "difference", "difference_low", "difference_high", "p"]  # filled by comparisons.py
COLUMNS = [
    "table", "group", "row", "column", "value", "std", "n_videos", "source", "published", "published_std", "runs",
    "std_seeds", "n_seeds", *INTERVALS, "n_recordings",
]  # fmt: skip
NUMBERS = ["value", "std", "published", "published_std", "std_seeds", *INTERVALS]
COUNTS = ["n_videos", "n_seeds", "n_recordings"]
KINDS = {**dict.fromkeys(NUMBERS, "Float64"), **dict.fromkeys(COUNTS, "Int64")}
DECIMALS = 6  # of the CSV; averages are computed before rounding


def build(
    cells: Iterable[Cell],
    results: Results,
    quoted: Mapping[Key, PublishedNumber] | None = None,
    costs: Costs | None = None,
) -> pd.DataFrame:
    """One table as a frame with the columns of COLUMNS, one line per cell, in the order of `cells`.

    `value` is in percent: over several splits the mean, with the population standard deviation in `std`; over several
    numbers of shots K the mean, without `std`, which would show how accuracy grows with K and no uncertainty; over
    several draws of the training list the mean and their deviation; for an average column the mean, or the harmonic
    mean, of its unrounded cells (methods.md 10.3). `n_videos` counts the videos of the distinct test
    splits behind a cell. A cell is measured only when all its evaluations are there. The columns INTERVALS and
    `n_recordings` are empty.

    Over several seeds `value` and `std` are the means over seeds of what each seed alone has; an average column is
    formed for each seed first. `std_seeds` is the sample standard deviation (n - 1) of the seeds' values, `n_seeds`
    their number, empty where nothing was trained or where columns of an average have different seeds.

    Args:
        quoted: the paper's numbers, for suites that quote them; they fill cells that are not measured.
        costs: what `tcclip bench` has found, for the cells of cost columns.
    """
    cells, found = list(cells), Found(results, costs or {})
    rows = rows_of(cells)
    numbers = {cell.key: cell.number(found, rows[cell.group, cell.row]) for cell in cells}
    frame = pd.DataFrame([_line(cell, numbers[cell.key], quoted) for cell in cells], columns=COLUMNS)
    typed = frame.astype(KINDS)
    return typed.round(dict.fromkeys(NUMBERS, DECIMALS))


def with_recordings(frame: pd.DataFrame, recordings: Mapping[Key, int]) -> pd.DataFrame:
    """`frame` with `n_recordings` filled: of what distinct recordings the videos of a measured cell are clips."""
    keys = zip(frame["group"], frame["row"], frame["column"], frame["n_videos"].notna(), strict=True)
    counts = [recordings.get((group, row, column)) if tested else None for group, row, column, tested in keys]
    return frame.assign(n_recordings=pd.array(counts, "Int64"))


def read_table(path: Path) -> pd.DataFrame:
    """A table's CSV with the types of `build`; columns that it was written without are empty."""
    text = dict.fromkeys(["table", "group", "row", "column", "source", "runs"], "str")
    frame = pd.read_csv(path, dtype={**text, **KINDS}, keep_default_na=False, na_values={name: [""] for name in KINDS})
    return frame.reindex(columns=COLUMNS).astype(KINDS)


def by_place(frame: pd.DataFrame) -> dict[Key, Any]:
    """The lines of a table's frame by group, row and column."""
    return {(line.group, line.row, line.column): line for line in frame.itertuples(index=False)}


def runs_of(frame: pd.DataFrame) -> list[str]:
    """The runs behind the lines of a table's frame, each once."""
    return list(dict.fromkeys(run for names in frame["runs"] for run in names.split(";") if run))


def _line(cell: Cell, measured: Number | None, quoted: Mapping[Key, PublishedNumber] | None) -> list[Any]:
    printed = (quoted or {}).get(cell.key)
    value, std, count, source, runs = None, None, None, "", ""
    seeds = (measured.std_seeds, measured.seeds) if measured else (None, None)
    if measured:
        value, std, source = measured.value, measured.std, "measured"
        count, runs = sum(measured.videos.values()) or None, ";".join(measured.runs)
    elif printed and printed.value is not None:
        value, std, source = printed.value, printed.std, "quoted"
    published = (printed.value, printed.std) if printed else (None, None)
    empty = [None] * (len(INTERVALS) + 1)
    return [cell.table, *cell.key, value, std, count, source, *published, runs, *seeds, *empty]
