"""Figure 3b: few-shot accuracy by the reference tokens that a frame sees besides its own, from Table 1's cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from tcclip.params.column import Column, MeasuredColumn
from tcclip.plan import Plan
from tcclip.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE = "table1"
ROOM = 1.18  # of a panel's width for the longest bar and its number
ROW = 0.34  # inches of a bar


@style.styled
def reference_bars(frame: pd.DataFrame, columns: Sequence[Column], names: Mapping[str, str]) -> Figure:
    """One panel per dataset, a bar for each row of Table 1, all at one scale; quoted values are hollow.

    Rows that differ behind a colon share a colour.

    Args:
        frame: the table, with the columns of `cells.COLUMNS`.
        columns: its columns.
        names: of the datasets, by role.
    """
    measured = [column for column in columns if isinstance(column, MeasuredColumn)]
    rows = list(dict.fromkeys(frame["row"]))
    kinds = list(dict.fromkeys(row.split(":")[0] for row in rows))
    colors = {kind: style.UNTRAINED if not i else style.PALETTE[(i - 1) % 8] for i, kind in enumerate(kinds)}
    figure, axes = style.panels(len(measured), max(1, len(measured)), height=1.0 + ROW * len(rows))
    for axis, column in zip(axes, measured, strict=True):
        part = frame[frame["column"] == column.name].dropna(subset=["value"])
        for line in part.itertuples(index=False):
            color, quoted = colors[line.row.split(":")[0]], line.source == "quoted"
            place, value = rows.index(line.row), float(line.value)
            axis.barh(place, value, 0.7, color="white" if quoted else color, edgecolor=color, linewidth=1.2)
            mark = " †" if quoted else ""
            axis.annotate(
                f"{value:.1f}{mark}", (value, place), (3, 0), textcoords="offset points", va="center", fontsize=8
            )
        counts = part["n_videos"].dropna()
        title = names.get(column.dataset, column.dataset)
        axis.set_title(f"{title} (N = {int(counts.max()):,})" if len(counts) else title)
        axis.set_xlabel("top-1 accuracy (%)")
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(rows)), rows)
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    axes[0].set_xlim(0, ROOM * max(float(frame["value"].max()) if frame["value"].notna().any() else 0.0, 1.0))
    return figure


def sentence(plan: Plan, frame: pd.DataFrame) -> str:
    """Whose numbers they are: training videos per class, runs, and N."""
    measured = frame[frame["source"] == "measured"]
    runs = {run for text in measured["runs"] for run in text.split(";") if run}
    shots = sorted({run.shots for name in runs if (run := plan.run(name)).shots})
    seeds = sorted({run.seed for name in runs if (run := plan.run(name)).seed is not None})
    said = [f"Suite {plan.suite.name}"]
    if runs:
        said.append(f"{len(runs)} runs of Table 1 (tables/{TABLE}.csv names them), one for each bar")
        said.append(f"K = {', '.join(map(str, shots))} training videos per class, seed {', '.join(map(str, seeds))}")
    if (frame["source"] == "quoted").any():
        said.append("hollow and † are quoted from the paper")
    return "; ".join([*said, "N is the number of test videos"]) + "."
