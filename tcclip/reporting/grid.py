"""A table as people read it: methods as rows in their groups, the paper's columns, marks and footnotes.

formats.py and page.py only draw a Grid; what is bold, quoted or empty is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tcclip.params.column import Column, CostColumn, MeasuredColumn, ViewsColumn
from tcclip.reporting.cells import by_place
from tcclip.reporting.coverage import Coverage, sentence
from tcclip.reporting.headings import Heading, headings

DASH = "\N{EN DASH}"  # an empty cell
QUOTED, INCOMPLETE, DRAWN = "\N{DAGGER}", "\N{DOUBLE DAGGER}", "\N{SECTION SIGN}"  # marks behind a number
UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"  # it differs from its baseline
BEYOND = "\N{BLACK DIAMOND}"  # it is above the bound in its column's heading


@dataclass(frozen=True)
class BesideBaseline:
    """A cell less that of its table's baseline, in percent."""

    baseline: str  # the row's name
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class GridCell:
    """One cell, in percent; `value` is None where there is nothing to show."""

    value: float | None
    std: float | None
    quoted: bool
    best: bool
    published: float | None  # the paper's number, beside a measured one
    drawn: bool = False  # measured on training videos that this program drew although the paper's list is published
    incomplete: bool = False  # measured without some of the listed videos
    decimals: int = 1
    std_seeds: float | None = None  # over the seeds whose mean the value is
    interval: tuple[float, float] | None = None
    compared: BesideBaseline | None = None
    beyond: bool = False  # its interval lies above the bound that its column has by construction

    @property
    def measured(self) -> bool:
        """Whether it is of this suite's runs."""
        return self.value is not None and not self.quoted


@dataclass(frozen=True)
class GridLine:
    """One row."""

    group: str
    row: str
    entries: list[GridCell]


@dataclass(frozen=True)
class Grid:
    """A table ready to be drawn."""

    title: str
    headings: list[Heading]
    lines: list[GridLine]
    notes: list[str]  # sentences


def grid(
    frame: pd.DataFrame,
    title: str,
    columns: Sequence[Column],
    names: Mapping[str, str],
    notes: Sequence[str] = (),
    drawn: Collection[tuple[str, str, str]] = (),
    coverage: Coverage | None = None,
) -> Grid:
    """Arrange the cells of `frame` (columns of cells.COLUMNS); `notes` are put before the explanations of the marks.

    The best measured value of a column is marked when at least two rows are measured; equal at one decimal is equal.

    Args:
        names: of the datasets, by role.
        drawn: the cells (group, row, column) whose training videos this program drew.
    """
    heads = headings(columns, names)
    order = [column.name for column in columns]
    cells = by_place(frame)
    rows = list(dict.fromkeys(zip(frame["group"], frame["row"], strict=True)))
    compared = [column.name for column in columns if not isinstance(column, CostColumn | ViewsColumn)]
    decimals = {column.name: decimals_of(column, frame) for column in columns}
    best = dict.fromkeys(order, "") | {
        name: _best(frame[(frame["column"] == name) & (frame["source"] == "measured")]) for name in compared
    }
    coverage = coverage or Coverage()

    def entry(key: tuple[str, str, str]) -> GridCell:
        shown = _entry(cells[key], best[key[2]], decimals[key[2]])
        return replace(shown, drawn=key in drawn, incomplete=key in coverage.incomplete) if shown.measured else shown

    lines = [GridLine(g, r, [entry((g, r, name)) for name in order]) for g, r in rows]
    return Grid(
        title,
        heads,
        lines,
        [
            *notes,
            *_notes(frame, lines, heads, columns),
            *about_coverage(lines, coverage, names),
            *mean_over_shots(columns),
            *about_costs(columns),
        ],
    )


def mean_over_shots(columns: Sequence[Column]) -> list[str]:
    """The sentence that says so, where cells are means over several K."""
    measured = [column for column in columns if isinstance(column, MeasuredColumn)]
    shots = dict.fromkeys(column.trainings for column in measured if len(column.trainings) > 1)
    several = " or ".join(", ".join(map(str, numbers)) for numbers in shots)
    return [f"Each cell is the mean over K = {several} training videos per class."] if shots else []


def about_coverage(lines: Sequence[GridLine], coverage: Coverage, names: Mapping[str, str]) -> list[str]:
    """How many of the listed videos were tested, and what the mark of cells with fewer means."""
    notes = [sentence(coverage, names)]
    if any(entry.incomplete for line in lines for entry in line.entries):
        notes.append(f"{INCOMPLETE} some listed videos are missing or broken, see the coverage.")
    return [note for note in notes if note]


def marks(entry: GridCell) -> list[str]:
    """The marks behind a cell's number."""
    found = entry.compared
    wanted = {QUOTED: entry.quoted, INCOMPLETE: entry.incomplete, DRAWN: entry.drawn}
    wanted |= {
        BEYOND: entry.beyond,
        UP: found is not None and found.low > 0,
        DOWN: found is not None and found.high < 0,
    }
    return [mark for mark, applies in wanted.items() if applies]


def number(value: float, decimals: int = 1) -> str:
    """One decimal, as the paper prints, where nothing else is asked for."""
    return f"{value:.{decimals}f}"


def decimals_of(column: Column, frame: pd.DataFrame) -> int:
    """None for counts, one for accuracies, and for costs as many as show three digits of the smallest."""
    if isinstance(column, ViewsColumn):
        return 0
    values = frame.loc[(frame["column"] == column.name) & (frame["value"] > 0), "value"]
    if not isinstance(column, CostColumn) or values.empty:
        return 1
    return max(1, 2 - math.floor(math.log10(values.min())))


def _best(measured: pd.DataFrame) -> str:
    return number(measured["value"].max()) if len(measured) > 1 else ""


def _entry(cell: Any, best: str, decimals: int) -> GridCell:
    def known(name: str) -> float | None:
        value = getattr(cell, name)
        return None if pd.isna(value) else float(value)

    value, measured = known("value"), cell.source == "measured"
    marked = measured and value is not None and number(value) == best
    return GridCell(
        value,
        known("std"),
        quoted=value is not None and not measured,
        best=marked,
        published=known("published") if measured else None,
        decimals=decimals,
        std_seeds=known("std_seeds"),
    )


def about_costs(columns: Sequence[Column]) -> list[str]:
    """What the cost columns count."""
    sentences = {
        "params_m": "Parameters in millions, without the token table.",
        "trained_m": "Trained parameters in millions, with the token table where it is trained.",
        "gflops": "{heading} are multiply-accumulates of one view and one text of 77 tokens, as the paper counts them.",
        "throughput_views_per_s": "Views per second in evaluation, on the machine that filled this table.",
    }
    costs = [column for column in columns if isinstance(column, CostColumn)]
    return [sentences[column.cost].format(heading=column.display or column.name) for column in costs]


def about_seeds(frame: pd.DataFrame) -> list[str]:
    """What the second deviation of cells with several seeds is."""
    counts = sorted(set(frame.loc[frame["std_seeds"].notna(), "n_seeds"]))
    if not counts:
        return []
    several = " or ".join(map(str, counts))
    return [
        f"A number in brackets is the sample standard deviation over {several} seeds, whose mean a cell is; ± is "
        "then the mean of theirs. A trained cell without one has one seed."
    ]


def _videos(frame: pd.DataFrame, heads: Sequence[Heading], columns: Sequence[Column]) -> list[str]:
    """ "HMDB-51 N = 4,590" for each dataset; for each of its columns where these have not the same number.

    "UCF-101 N = 3,783 of 707 recordings" where the dataset says what a recording is.
    """
    counts: dict[str, dict[str, str]] = {}
    for head, column in zip(heads, columns, strict=True):
        known = frame.loc[frame["column"] == column.name, ["n_videos", "n_recordings"]].dropna(subset="n_videos")
        if isinstance(column, MeasuredColumn) and len(known):
            videos, recordings = known.max()
            of_recordings = "" if pd.isna(recordings) or recordings == videos else f" of {recordings:,} recordings"
            counts.setdefault(head.top, {})[f"{head.top} {head.sub}"] = f"{videos:,}{of_recordings}"
    return [
        f"{name} N = {count}"
        for top, of in counts.items()
        for name, count in (of if len(set(of.values())) > 1 else {top: next(iter(of.values()))}).items()
    ]


def _notes(frame: pd.DataFrame, lines: list[GridLine], heads: list[Heading], columns: Sequence[Column]) -> list[str]:
    entries = [entry for line in lines for entry in line.entries]
    measured = [entry for entry in entries if entry.value is not None and not entry.quoted]
    notes = ["Accuracy in percent."]
    several = any(len(column.splits) > 1 for column in columns if isinstance(column, MeasuredColumn))
    if any(entry.std is not None for entry in entries):
        over = "test splits" if several else "training draws"
        notes.append(f"± is the population standard deviation over the {over}.")
    notes += about_seeds(frame)
    if videos := _videos(frame, heads, columns):
        each = " (a video counts in each of its splits)" if several else ""
        notes.append(f"Test videos of a cell, all its splits together{each}: {', '.join(videos)}.")
    if any(entry.best for entry in measured):
        notes.append("Bold: the best measured value of its column.")
    if any(entry.quoted for entry in entries):
        notes.append(f"{QUOTED} quoted from the paper, not measured here.")
    if any(entry.drawn for entry in entries):
        notes.append(
            f"{DRAWN} trained on videos that this program drew (a seeded draw), not on the paper's published list."
        )
    if any(entry.value is None for entry in entries):
        notes.append(f"{DASH} not measured: the suite has no method for this row, or its runs are not finished.")
    return notes
