"""The headline numbers of all tables for `dvc metrics show`: reports/<suite>/metrics.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tcclip.params.table import Column


def headline(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, Any]:
    """{row: {column: percent}} of the measured averages; tables without an average column give all measured cells.

    A row name that a table uses in several groups carries its group from the second time on: "TC-CLIP (weight
    ensemble)".
    """
    averages = [column.name for column in columns if column.mean_of] or [column.name for column in columns]
    shown = frame[frame["column"].isin(averages) & (frame["source"] == "measured")]
    first = {row: group for group, row in reversed(list(zip(frame["group"], frame["row"], strict=True)))}
    found: dict[str, Any] = {}
    for cell in shown.itertuples(index=False):
        name = cell.row if first[cell.row] == cell.group else f"{cell.row} ({cell.group})"
        found.setdefault(name, {})[cell.column] = round(float(cell.value), 2)
    return found


def summary(tables: Mapping[str, tuple[pd.DataFrame, Sequence[Column]]]) -> dict[str, Any]:
    """{table: headline, and how many cells are measured}."""
    return {
        name: {**headline(frame, columns), "measured_cells": int((frame["source"] == "measured").sum())}
        for name, (frame, columns) in tables.items()
    }
