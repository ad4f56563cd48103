"""A table as bars; of Table 1 it is Figure 3b, few-shot accuracy by the tokens that a frame sees besides its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from tcclip.params.column import Column, MeasuredColumn
from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan
from tcclip.reporting import style
from tcclip.reporting.cells import runs_of
from tcclip.reporting.figure_blocks import FigureBlock
from tcclip.reporting.figures import titled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

ROOM = 1.24  # of the largest value, for its number
ROW, ABOVE, BELOW = 0.34, 0.35, 0.5  # inches: of a bar, of the panels' titles, of the axis below
LETTERS, LETTER = 30, 0.068  # of a line beside a bar, and inches of one


def bars_block(frame: pd.DataFrame, columns: Sequence[Column], names: Mapping[str, str]) -> FigureBlock:
    """One panel per dataset, a bar for each row of the table, all at one scale; quoted values are hollow.

    A line over a bar is its interval. Rows that differ behind a colon share a colour.

    Args:
        frame: the table, with the columns of `cells.COLUMNS`.
        columns: its columns.
        names: of the datasets, by role.
    """
    height = ABOVE + BELOW + ROW * len(_rows(frame))
    return FigureBlock(height, lambda figure, width: _draw(figure, width, height, frame, columns, names))


def _draw(
    figure: FigureBase,
    width: float,
    height: float,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    names: Mapping[str, str],
) -> None:
    measured = [column for column in columns if isinstance(column, MeasuredColumn)]
    rows = _rows(frame)
    names_of_rows = [row for _, row in rows]
    shown = [fill(f"{row} ({of})" if names_of_rows.count(row) > 1 else row, LETTERS) for of, row in rows]
    left = LETTER * max(len(line) for row in shown for line in row.splitlines()) + 0.1
    edges = {"left": left / width, "right": 0.99, "top": 1 - ABOVE / height, "bottom": BELOW / height}
    grid = figure.subplots(
        1, len(measured), squeeze=False, sharex=True, sharey=True, gridspec_kw={**edges, "wspace": 0.08}
    )
    for axis, column in zip(grid[0], measured, strict=True):
        part = frame[frame["column"] == column.name].dropna(subset=["value"])
        _panel(axis, part, rows)
        axis.set_title(titled(names.get(column.dataset, column.dataset), part))
    first = grid[0, 0]
    first.set_yticks(range(len(rows)), shown)
    first.set_ylim(len(rows) - 0.5, -0.5)
    ends = frame[["value", "high"]].astype(float).max(axis=None)
    first.set_xlim(0, ROOM * float(ends) if ends > 0 else 1.0)


def _rows(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Heading and name of each row: a name may stand under several headings."""
    return list(dict.fromkeys(zip(frame["group"], frame["row"], strict=True)))


def _panel(axis: Axes, part: pd.DataFrame, rows: Sequence[tuple[str, str]]) -> None:
    kinds = list(dict.fromkeys(row.split(":")[0] for _, row in rows))
    colors = {kind: style.PALETTE[number % len(style.PALETTE)] for number, kind in enumerate(kinds[1:])}
    colors |= dict.fromkeys(kinds[:1], style.UNTRAINED)
    for line in part.itertuples(index=False):
        color, quoted = colors[line.row.split(":")[0]], line.source == "quoted"
        place, value = rows.index((line.group, line.row)), float(line.value)
        axis.barh(place, value, 0.7, color="white" if quoted else color, edgecolor=color, linewidth=1.2)
        text, end = f"{value:.1f}{' †' if quoted else ''}", value
        if pd.notna(line.high):
            end = float(line.high)
            axis.plot([float(line.low), end], [place, place], color=style.INK, linewidth=1.2)
        axis.annotate(text, (end, place), (3, 0), textcoords="offset points", va="center", fontsize=8)
    interval = f", {load_statistics().level:g} % interval" if part["high"].notna().any() else ""
    axis.set_xlabel(f"top-1 accuracy (%){interval}")
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)


def sentence(plan: Plan, table: str, frame: pd.DataFrame) -> str:
    """Whose numbers they are: training videos per class, runs, and N."""
    measured = frame[frame["source"] == "measured"]
    runs = runs_of(measured)
    shots = sorted({run.shots for name in runs if (run := plan.run(name)).shots})
    seeds = sorted({run.seed for name in runs if (run := plan.run(name)).seed is not None})
    said = [plan.table(table).title]
    if runs:
        said.append(f"{len(runs)} runs, named in tables/{table}.csv")
    if shots:
        said.append(f"K = {', '.join(map(str, shots))} training videos per class")
    if seeds:
        said.append(f"seed {', '.join(map(str, seeds))}")
    if frame["high"].notna().any():
        said.append(f"lines are {load_statistics().level:g} % bootstrap intervals (docs/judging.md)")
    if (frame["source"] == "quoted").any():
        said.append("hollow and † are quoted from the paper")
    return "; ".join([*said, "N is the number of test videos"]) + "."
