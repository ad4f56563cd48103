"""The numbers that DVC compares between commits: reports/<suite>/metrics.json, cells.json and curves/."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tcclip.params.column import Column, MeanColumn
from tcclip.plan import Plan, layout

CURVES = ["epoch", "loss", "train_top1", "val_top1"]  # of history.csv; times and rates differ by chance


def measured(frame: pd.DataFrame, columns: Collection[str]) -> dict[str, Any]:
    """{row: {column: value}} of the measured cells in `columns`.

    A row name that a table uses in several groups carries its group from the second time on: "TC-CLIP (weight
    ensemble)".
    """
    shown = frame[frame["column"].isin(columns) & (frame["source"] == "measured")]
    first = {row: group for group, row in reversed(list(zip(frame["group"], frame["row"], strict=True)))}
    found: dict[str, Any] = {}
    for cell in shown.itertuples(index=False):
        name = cell.row if first[cell.row] == cell.group else f"{cell.row} ({cell.group})"
        found.setdefault(name, {})[cell.column] = round(float(cell.value), 2)
    return found


def headline(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, Any]:
    """{row: {column: percent}} of the measured averages; tables without an average column give all measured cells."""
    averages = [column.name for column in columns if isinstance(column, MeanColumn)] or [
        column.name for column in columns
    ]
    return measured(frame, averages)


def summary(tables: Mapping[str, tuple[pd.DataFrame, Sequence[Column]]]) -> dict[str, Any]:
    """{table: headline, and how many cells are measured}."""
    return {
        name: {**headline(frame, columns), "measured_cells": int((frame["source"] == "measured").sum())}
        for name, (frame, columns) in tables.items()
    }


def all_cells(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """{table: {row: {column: value}}} of every measured cell."""
    return {name: measured(frame, set(frame["column"])) for name, frame in tables.items()}


def write_curves(plan: Plan, folder: Path) -> None:
    """folder/<run>.csv: loss and accuracies over the epochs of every run that was trained; `folder` is a new one."""
    folder.mkdir(parents=True)
    for run in plan.runs:
        history = layout.run(plan.suite.name, run) / "history.csv"
        if history.is_file():
            # Without `atomic`, which looks through the folder for each file: the folder is put in its place as one.
            (folder / f"{run}.csv").write_text(_curves(history), encoding="utf-8")


def _curves(history: Path) -> str:
    """Those of CURVES that have a value, with history.csv's own digits; pandas takes longer and rounds the last one."""
    with history.open(newline="", encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    known = {name: cells for name, *cells in zip(names, *lines, strict=True) if any(cells)}
    shown = [name for name in CURVES if name in known]
    rows = [shown, *zip(*(known[name] for name in shown), strict=True)]
    return "".join(f"{','.join(row)}\n" for row in rows)
