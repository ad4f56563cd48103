"""The measured cells of a suite's tables with their replicates, as claims need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tcclip.claims.rows import Key, Layout
from tcclip.plan import Plan, layout
from tcclip.reporting.cells import read_table
from tcclip.statistics.files import read_replicates


@dataclass(frozen=True)
class MeasuredCells:
    """What is known of the cells that have been measured."""

    values: dict[Key, float] = field(default_factory=dict)  # percent, or a cost's own unit
    # (draws,); of a cost that is counted its value, of one that is timed not a number
    replicates: dict[Key, np.ndarray] = field(default_factory=dict)
    videos: dict[Key, int] = field(default_factory=dict)  # that a cell was tested on; none of a cost
    seeds: dict[Key, int] = field(default_factory=dict)  # that its runs were trained with


def read_measured(plan: Plan, layouts: Mapping[str, Layout], draws: int) -> MeasuredCells:
    """The measured cells of the suite's tables that are there; the table of a dataset of one's own is in no claim."""
    found = MeasuredCells()
    for name in (table for table in plan.tables if table in layouts):
        if (path := layout.table(plan.suite.name, name)).is_file():
            add_table(
                found, read_table(path), read_replicates(layout.intervals(plan.suite.name, name)), layouts[name], draws
            )
    return found


def add_table(
    found: MeasuredCells,
    frame: pd.DataFrame,
    replicates: Mapping[tuple[str, str, str], np.ndarray],
    of_table: Layout,
    draws: int,
) -> None:
    """Add the measured cells of one table; an accuracy without replicates has no interval, and is left out."""
    for line in frame[frame["source"] == "measured"].itertuples(index=False):
        cell = (line.group, line.row, line.column)
        cost = line.column in of_table.counted | of_table.timed
        if not cost and cell not in replicates:
            continue
        key = (line.table, *cell)
        found.values[key] = float(line.value)
        if cost:
            found.replicates[key] = np.full(draws, float(line.value) if line.column in of_table.counted else np.nan)
        else:
            found.replicates[key] = replicates[cell]
            if not pd.isna(line.n_videos):
                found.videos[key] = int(line.n_videos)
        if not pd.isna(line.n_seeds):
            found.seeds[key] = int(line.n_seeds)
