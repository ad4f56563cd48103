"""A table as people read it: methods as rows in their groups, the paper's columns, marks and footnotes.

formats.py and page.py only draw a Grid; what is bold, quoted or empty is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tcclip.params.table import Column
from tcclip.reporting.coverage import Coverage, sentence

DATASETS = {"k400": "K-400", "k600": "K-600", "hmdb51": "HMDB-51", "ucf101": "UCF-101", "ssv2": "SSv2"}
DASH = "\N{EN DASH}"  # an empty cell
QUOTED, INCOMPLETE, DRAWN = "\N{DAGGER}", "\N{DOUBLE DAGGER}", "\N{SECTION SIGN}"  # marks behind a number
METRICS = {"top1": "Top-1", "top5": "Top-5"}
GROUPS = {"base_test": "Base", "novel_test": "Novel"}  # of classes, by split
OWN = {  # headings of columns that are not about a dataset
    "zero_shot": "Zero-shot",
    "few_shot": "Few-shot",
    "base2novel": "Base-to-novel",
    "fully_supervised": "Fully supervised",
    "params_m": "Parameters (M)",
    "gflops": "GFLOPs",
    "throughput_views_per_s": "Views/s",
    "frames": "Frames",
    "temporal_clips": "Clips",
    "spatial_crops": "Crops",
}


@dataclass(frozen=True)
class Heading:
    """A column's heading: `top` spans neighbours that share it, `sub` is the column's own and may be empty."""

    top: str
    sub: str


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
    whole: bool = False  # a count

    @property
    def measured(self) -> bool:
        """Whether it is of this suite's runs."""
        return self.value is not None and not self.quoted


@dataclass(frozen=True)
class Line:
    """One row."""

    group: str
    row: str
    entries: list[GridCell]


@dataclass(frozen=True)
class Grid:
    """A table ready to be drawn."""

    title: str
    headings: list[Heading]
    lines: list[Line]
    notes: list[str]  # sentences


def headings(columns: Sequence[Column]) -> list[Heading]:
    """Headings in the paper's words; the metric is named only where a table has more than one."""
    several = len({column.metric for column in columns}) > 1
    by_name = {column.name: column for column in columns}
    found = []
    for column in columns:
        if column.from_table or column.cost or column.views:
            found.append(Heading(OWN.get(column.name, column.name), ""))
            continue
        parts = [by_name[name] for name in (*column.mean_of, *column.harmonic_mean_of)]
        datasets = {part.dataset for part in parts} if column.harmonic_mean_of else {column.dataset}
        dataset = datasets.pop() if len(datasets) == 1 else None
        top = DATASETS.get(dataset, dataset) if dataset else "Average"
        group = {GROUPS.get(split, "") for part in parts or [column] for split in part.splits}
        sub = [
            OWN.get(column.name, column.name) if column.protocol else "",
            f"K={column.shots}" if isinstance(column.shots, int) else "",
            "HM" if column.harmonic_mean_of else group.pop() if len(group) == 1 else "",
            METRICS[column.metric] if several else "",
        ]
        found.append(Heading(top, " ".join(part for part in sub if part)))
    return found


def grid(
    frame: pd.DataFrame,
    title: str,
    columns: Sequence[Column],
    notes: Sequence[str] = (),
    drawn: Collection[tuple[str, str, str]] = (),
    coverage: Coverage | None = None,
) -> Grid:
    """Arrange the cells of `frame` (columns of cells.COLUMNS); `notes` are put before the explanations of the marks.

    `drawn` are the cells (group, row, column) whose training videos this program drew. The best measured value of a
    column is marked when at least two rows are measured; equal at one decimal is equal.
    """
    heads = headings(columns)
    names = [column.name for column in columns]
    cells = {(c.group, c.row, c.column): c for c in frame.itertuples(index=False)}
    rows = list(dict.fromkeys(zip(frame["group"], frame["row"], strict=True)))
    compared = [column.name for column in columns if not column.cost and not column.views]
    counts = {column.name for column in columns if column.views}
    best = dict.fromkeys(names, "") | {
        name: _best(frame[(frame["column"] == name) & (frame["source"] == "measured")]) for name in compared
    }
    coverage = coverage or Coverage()

    def entry(key: tuple[str, str, str]) -> GridCell:
        shown = _entry(cells[key], best[key[2]], whole=key[2] in counts)
        return replace(shown, drawn=key in drawn, incomplete=key in coverage.incomplete) if shown.measured else shown

    lines = [Line(g, r, [entry((g, r, name)) for name in names]) for g, r in rows]
    return Grid(
        title,
        heads,
        lines,
        [
            *notes,
            *_notes(frame, lines, heads, columns),
            *about_coverage(lines, coverage),
            *mean_over_shots(columns),
            *about_costs(columns),
        ],
    )


def spans(heads: Sequence[Heading]) -> list[tuple[str, int]]:
    """Neighbouring headings with the same top: (top, number of columns)."""
    found: list[tuple[str, int]] = []
    for head in heads:
        if found and found[-1][0] == head.top:
            found[-1] = (head.top, found[-1][1] + 1)
        else:
            found.append((head.top, 1))
    return found


def mean_over_shots(columns: Sequence[Column]) -> list[str]:
    """The sentence that says so, where cells are means over several K."""
    shots = dict.fromkeys(column.trainings for column in columns if len(column.trainings) > 1)
    several = " or ".join(", ".join(map(str, numbers)) for numbers in shots)
    return [f"Each cell is the mean over K = {several} training videos per class."] if shots else []


def about_coverage(lines: Sequence[Line], coverage: Coverage) -> list[str]:
    """How many of the listed videos were tested, and what the mark of cells with fewer means."""
    notes = [sentence(coverage, DATASETS)]
    if any(entry.incomplete for line in lines for entry in line.entries):
        notes.append(f"{INCOMPLETE} some listed videos are missing or broken, see the coverage.")
    return [note for note in notes if note]


def marks(entry: GridCell) -> list[str]:
    """The marks behind a cell's number."""
    wanted = {QUOTED: entry.quoted, INCOMPLETE: entry.incomplete, DRAWN: entry.drawn}
    return [mark for mark, applies in wanted.items() if applies]


def number(value: float, whole: bool = False) -> str:
    """One decimal, as the paper prints; counts have none."""
    return f"{value:.{0 if whole else 1}f}"


def _best(measured: pd.DataFrame) -> str:
    return number(measured["value"].max()) if len(measured) > 1 else ""


def _entry(cell: Any, best: str, whole: bool) -> GridCell:
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
        whole=whole,
    )


def about_costs(columns: Sequence[Column]) -> list[str]:
    """What the cost columns count."""
    sentences = {
        "params_m": "Parameters in millions, without the token table.",
        "gflops": "GFLOPs are multiply-accumulates of one view and one text of 77 tokens, as the paper counts them.",
        "throughput_views_per_s": "Views per second in evaluation, on the machine that filled this table.",
    }
    return [sentences[column.cost] for column in columns if column.cost]


def _notes(frame: pd.DataFrame, lines: list[Line], heads: list[Heading], columns: Sequence[Column]) -> list[str]:
    entries = [entry for line in lines for entry in line.entries]
    measured = [entry for entry in entries if entry.value is not None and not entry.quoted]
    notes = ["Accuracy in percent."]
    if any(entry.std is not None for entry in entries):
        over = "test splits" if any(len(column.splits) > 1 for column in columns) else "training draws"
        notes.append(f"± is the population standard deviation over the {over}.")
    videos: dict[str, int] = {}
    for head, column in zip(heads, columns, strict=True):
        counts = frame.loc[frame["column"] == column.name, "n_videos"].dropna()
        if column.dataset and len(counts):
            videos[head.top] = max(videos.get(head.top, 0), int(counts.max()))
    if videos:
        notes.append(
            "Test videos, all splits together: " + ", ".join(f"{k} N = {n:,}" for k, n in videos.items()) + "."
        )
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
