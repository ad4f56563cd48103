"""One table of the plan: from its runs' metrics.json to .csv, .md and .tex."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout
from tcclip.reporting.cells import Results, build, read_results, with_averages
from tcclip.reporting.cost_columns import cost_values
from tcclip.reporting.coverage import coverage_of
from tcclip.reporting.formats import write_formats
from tcclip.reporting.grid import Grid, grid
from tcclip.reporting.published_numbers import Key, check_names, read_published


def write_table(plan: Plan, name: str) -> str:
    """Write a table's files; returns a one-line account.

    Raises:
        UserError: unknown table, or a row or column that is misspelt against params/published.csv.
    """
    frame = table_frame(plan, name)
    path = layout.table(plan.suite.name, name)
    write_formats(frame, table_grid(plan, name, frame), path, last_epoch_frame(plan, name))
    counts = frame["source"].value_counts()
    quoted = f", {counts['quoted']} quoted" if "quoted" in counts else ""
    return f"{counts.get('measured', 0)} of {len(frame)} cells measured{quoted}, {path}"


def table_frame(plan: Plan, name: str) -> pd.DataFrame:
    """The table as it is now in the run folders."""
    plan.table(name)
    cells = plan.cells[name]
    printed = read_published(name)
    if printed:
        check_names(name, [(cell.group, cell.row, cell.column) for cell in cells], printed, path_of("tables", name))
    frames = plan.protocol(plan.table(name).protocol).frames
    costs = cost_values(cells, plan.suite, frames, layout.throughput(plan.suite.name))
    return build(cells, results_of(plan, name), printed if plan.suite.quote_published else None, costs)


def last_epoch_frame(plan: Plan, name: str) -> pd.DataFrame:
    """The table with the last epoch's weights, where a run's are chosen by test accuracies; other cells are empty."""
    cells = [
        replace(cell, evaluations=tuple(replace(e, last=True) for e in cell.evaluations if plan.keeps_last(e.run)))
        for cell in plan.cells[name]
        if not cell.source and not cell.cost and cell.views is None
    ]
    return build(cells, results_of(plan, name))


def table_grid(plan: Plan, name: str, frame: pd.DataFrame) -> Grid:
    """The table as people read it, with the coverage of its test splits."""
    table = plan.table(name)
    about = f"Suite {plan.suite.name}: {plan.suite.description}."
    coverage = coverage_of(plan.cells[name], results_of(plan, name))
    return grid(frame, table.title, table.columns, [about], drawn_cells(plan, name), coverage)


def results_of(plan: Plan, name: str) -> Results:
    """The evaluations of a table's runs that are there."""
    return read_results({run: layout.run(plan.suite.name, run) for run in plan.runs_of(name)})


def drawn_cells(plan: Plan, name: str) -> set[Key]:
    """The cells (group, row, column) with a run on a training list that is drawn here although one is published."""
    drawn = {
        run.name
        for run in plan.runs.values()
        if run.role is not None and plan.dataset(run.role).drawn(plan.train_split(run))
    }
    cells = plan.cells[name]
    direct = {
        (cell.group, cell.row, cell.column) for cell in cells if any(part.run in drawn for part in cell.evaluations)
    }
    return with_averages(cells, direct)
