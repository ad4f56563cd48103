"""Rows of the tables as MLflow entries of their own: their numbers are means over runs, which MLflow cannot form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from tcclip.plan import Plan, layout
from tcclip.reporting.cells import read_table, runs_of
from tcclip.tracking.ablated import settings
from tcclip.tracking.entry import EntryContent, Point
from tcclip.tracking.run_entry import finished


def measured_rows(plan: Plan, ids: Mapping[str, str], experiment: str) -> dict[str, EntryContent]:
    """Every row with a measured cell, by its name, from the tables' files as they are.

    Args:
        ids: run -> MLflow run id.
        experiment: the id of the suite's experiment.
    """
    found: dict[str, EntryContent] = {}
    for table in plan.tables:
        path = layout.table(plan.suite.name, table)
        if path.is_file():
            frame = read_table(path)
            measured = frame[(frame["source"] == "measured") & frame["value"].notna()]
            varied = settings(plan, table) if plan.tables[table].ablation else {}
            for (group, row), cells in measured.groupby(["group", "row"], sort=False):
                params = varied.get((str(group), str(row)), {})
                made = row_entry(plan, table, str(group), str(row), cells, ids, experiment, params)
                found[made.tags["run"]] = made
    return found


def row_entry(
    plan: Plan,
    table: str,
    group: str,
    row: str,
    cells: pd.DataFrame,
    ids: Mapping[str, str],
    experiment: str,
    params: dict[str, str],
) -> EntryContent:
    """One row: its columns are metrics, what an ablation varies are params, and its note links to its runs."""
    name = f"{table}: {f'{group}, ' if group else ''}{row}"
    runs = runs_of(cells)
    methods = {cell.method for cell in plan.cells[table] if (cell.group, cell.row) == (group, row) and cell.method}
    time = max([finished(layout.run(plan.suite.name, run)) for run in runs], default=0)
    links = "".join(f"* [{run}](#/experiments/{experiment}/runs/{ids[run]})\n" for run in runs if run in ids)
    tags = {
        "kind": "row",
        "run": name,
        "suite": plan.suite.name,
        "table": table,
        "row": row,
        "group": group,
        "method": ", ".join(sorted(methods)),
        "runs": str(len(runs)),
        "seeds": ", ".join(map(str, _seeds(plan, runs))),
        "mlflow.note.content": f"{plan.tables[table].title}: {row}. Its runs:\n\n{links}"[:8000],
        "mlflow.source.name": f"tcclip table {table} --suite {plan.suite.name}",
        "mlflow.source.type": "JOB",
    }
    return EntryContent(
        name=row,
        params=params,
        points=[Point(key, value, time, 0) for cell in cells.itertuples() for key, value in _numbers(cell)],
        tags={key: value for key, value in tags.items() if value},
        start=time,
        end=time,
        texts={f"{table}.csv": cells.to_csv(index=False)},
        files=[],
        splits=[],
    )


def _seeds(plan: Plan, runs: Iterable[str]) -> list[int]:
    """Of the trainings that are behind a row."""
    return sorted({seed for run in runs if run in plan.runs and (seed := plan.runs[run].seed) is not None})


def _numbers(cell: Any) -> list[tuple[str, float]]:
    """A cell's value, and with `intervals/` before its column the interval and what it is above the baseline."""
    column = str(cell.column)
    names = {"low": "low", "high": "high", "difference": "above_baseline", "p": "p"}
    found = [(f"intervals/{column}_{name}", getattr(cell, key)) for key, name in names.items()]
    return [(column, float(cell.value)), *((name, float(value)) for name, value in found if not pd.isna(value))]


def key_of(content: EntryContent) -> str:
    """Changes with what is shown of a row."""
    return hashlib.sha256(json.dumps(asdict(content), sort_keys=True).encode()).hexdigest()[:32]
