"""How sure a table's cells are, and which differ from their baseline: the columns that replicates fill."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tcclip.params import Table
from tcclip.params.statistics import Statistics
from tcclip.reporting.cells import DECIMALS, INTERVALS, by_place
from tcclip.statistics.cells import Key
from tcclip.statistics.intervals import difference_of, interval_of

COMPARISONS = [
    "table", "group", "row", "column", "baseline_group", "baseline_row", "difference", "low", "high", "p",
]  # fmt: skip


def with_intervals(
    frame: pd.DataFrame, table: Table, replicates: Mapping[Key, np.ndarray], settings: Statistics
) -> pd.DataFrame:
    """`frame` (of `cells.build`) with the columns INTERVALS filled for the measured cells that have replicates.

    `low` and `high` are the interval of the value; `difference` is the value less that of the baseline's row in the
    same column, with its interval and p-value over the same videos.
    """
    lines = by_place(frame)
    values = {key: line.value for key, line in lines.items() if line.source == "measured"}
    found = []
    for key, cell in lines.items():
        line = dict.fromkeys(INTERVALS, np.nan)
        if key in values and key in replicates:
            interval = interval_of(values[key], replicates[key], settings)
            line |= {"low": interval.low, "high": interval.high}
            baseline = table.baseline_of(cell.group, cell.row)
            other = (*baseline, cell.column) if baseline else None
            if other in values and other in replicates:
                known = [of.n_seeds for of in (cell, lines[other]) if not pd.isna(of.n_seeds) and of.n_seeds > 1]
                difference = difference_of(replicates[key] - replicates[other], settings, min(known, default=1))
                line |= {"difference": values[key] - values[other], "p": difference.p}
                # About its median a difference near 100 points, or of few seeds, would reach to more than there are.
                low, high = np.clip([difference.low, difference.high], -100, 100)
                line |= {"difference_low": low, "difference_high": high}
        found.append(line)
    filled = pd.DataFrame(found, index=frame.index, columns=INTERVALS).astype("Float64").round(DECIMALS)
    return frame.assign(**{name: filled[name] for name in INTERVALS})


def all_comparisons(tables: Mapping[str, tuple[pd.DataFrame, Table]]) -> pd.DataFrame:
    """One line per cell that is compared with its table's baseline: columns COMPARISONS, in percent, p from 0 to 1."""
    lines = []
    for name, (frame, table) in tables.items():
        for cell in frame[frame["difference"].notna()].itertuples(index=False):
            baseline = table.baseline_of(cell.group, cell.row) or ("", "")
            numbers = (cell.difference, cell.difference_low, cell.difference_high, cell.p)
            lines.append([name, cell.group, cell.row, cell.column, *baseline, *numbers])
    return pd.DataFrame(lines, columns=COMPARISONS)
