"""One table of the plan: from its runs' metrics.json to .csv, .md and .tex."""

from __future__ import annotations

import pandas as pd

from tcclip.params.reader import path_of
from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan, layout
from tcclip.plan.evaluation import Results
from tcclip.plan.run_results import read_results
from tcclip.reporting.cells import build, with_recordings
from tcclip.reporting.comparisons import with_intervals
from tcclip.reporting.cost_columns import cost_values
from tcclip.reporting.coverage import coverage_of
from tcclip.reporting.formats import write_formats
from tcclip.reporting.grid import Grid, grid
from tcclip.reporting.grid_marks import with_comparisons
from tcclip.reporting.headings import headings
from tcclip.reporting.published_numbers import Key, check_names, read_published
from tcclip.reporting.row_sources import printed_from, recipes
from tcclip.reporting.scaled_values import scaled_values
from tcclip.statistics.cells import cell_replicates
from tcclip.statistics.files import write_replicates
from tcclip.statistics.recordings import recordings_behind


def write_table(plan: Plan, name: str) -> str:
    """Write a table's files; returns a one-line account.

    Raises:
        UserError: unknown table, a row or column that is misspelt against params/published.csv, or an accuracy that is
            not that of its predictions.
    """
    results = results_of(plan, name)
    settings = load_statistics()
    replicates = cell_replicates(plan, plan.cells[name], settings, results)
    found = with_recordings(table_frame(plan, name, results), recordings_behind(plan, plan.cells[name]))
    frame = with_intervals(found, plan.table(name), replicates, settings)
    path = layout.table(plan.suite.name, name)
    last = last_epoch_frame(plan, name, results)
    write_replicates(layout.intervals(plan.suite.name, name), replicates)
    write_formats(frame, table_grid(plan, name, frame, results), path, last)
    counts = frame["source"].value_counts()
    quoted = f", {counts['quoted']} quoted" if "quoted" in counts else ""
    return f"{counts.get('measured', 0)} of {len(frame)} cells measured{quoted}, {path}"


def results_of(plan: Plan, name: str) -> Results:
    """The evaluations of a table's runs that are there."""
    plan.table(name)
    return read_results({run: layout.run(plan.suite.name, run) for run in plan.runs_of(name)})


def table_frame(plan: Plan, name: str, results: Results) -> pd.DataFrame:
    """The table with what the run folders hold."""
    cells = plan.cells[name]
    printed = read_published(name)
    if printed:
        check_names(name, [cell.key for cell in cells], printed, path_of("tables", name))
    costs = cost_values(plan.suite, plan.benched_frames(name), layout.throughput(plan.suite.name))
    return build(cells, results, printed if plan.suite.quote_published else None, costs)


def last_epoch_frame(plan: Plan, name: str, results: Results) -> pd.DataFrame:
    """The table with the last epoch's weights, where a run's are chosen by test accuracies; other cells are empty."""
    cells, settings = [cell.last_epoch(plan.keeps_last) for cell in plan.cells[name]], load_statistics()
    return with_intervals(build(cells, results), plan.table(name), cell_replicates(plan, cells, settings), settings)


def table_grid(plan: Plan, name: str, frame: pd.DataFrame, results: Results) -> Grid:
    """The table as people read it, with the coverage of its test splits."""
    table = plan.table(name)
    about = f"Suite {plan.suite.name}: {plan.suite.description}."
    coverage = coverage_of(plan.cells[name], results)
    said = (about, scaled_values(plan, name), recipes(plan, name), printed_from(plan, name), of_training(plan, name))
    notes = [note for note in said if note]
    shown = grid(frame, table.title, table.columns, plan.displays, notes, drawn_cells(plan, name), coverage)
    return with_comparisons(shown, frame, table, load_statistics().level)


def drawn_cells(plan: Plan, name: str) -> set[Key]:
    """The cells (group, row, column) with a run on a training list that is drawn here although one is published."""
    drawn = {
        run.name
        for run in plan.runs.values()
        if run.role is not None and plan.dataset(run.role).drawn(plan.train_split(run))
    }
    return {cell.key for cell in plan.cells[name] if drawn & set(plan.runs_behind(cell))}


def of_training(plan: Plan, name: str) -> str:
    """Which columns show no accuracy on unseen videos: runs are tested there on the split that they were trained on."""
    columns = plan.table(name).columns
    heads = dict(zip((column.name for column in columns), headings(columns, plan.displays), strict=True))
    found = {
        f"{heads[cell.column].top} {heads[cell.column].sub}".strip(): None
        for cell in plan.cells[name]
        for evaluation in cell.evaluations
        if (run := plan.run(evaluation.run)).trained
        and (run.role, plan.train_split(run)) == (evaluation.role, evaluation.split)
    }
    return f"Tested on the videos that the runs were trained on: {', '.join(found)}." if found else ""
