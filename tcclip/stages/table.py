"""One table from the metrics and predictions of its runs; a changed layout trains nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params.column import TableColumn
from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process.console import stage
from tcclip.process.options import Log, Seeds, SuiteName
from tcclip.stages import bench, evaluate, fingerprint
from tcclip.stages.printed import printed

# Of what `fingerprint` leaves out: values, deviations and averages, what fills a cell, and what a row is compared with.
CODE = (
    "tcclip.reporting.tables",
    "tcclip.plan.cells",
    "tcclip.plan.evaluation",
    "tcclip.plan.expand",
    "tcclip.params.table",
    "tcclip.params.statistics",
)
HEAVY = ("tcclip.reporting",)
FORMATS = ("csv", "md", "tex")

app = typer.Typer()


def inputs(plan: Plan, name: str) -> list[Path]:
    """The metrics and predictions of a table's runs, and what `tcclip bench` has found if it shows costs."""
    files = [file for run in plan.runs_of(name) for file in evaluate.outputs(plan, run)]
    shows = any(cell.benched for cell in plan.cells[name])
    return files + (bench.outputs(plan) if shows else [])


def outputs(plan: Plan, name: str) -> list[Path]:
    """The table in all formats; `name` may be a wildcard."""
    return [layout.table(plan.suite.name, name, suffix) for suffix in FORMATS]


def csvs(plan: Plan) -> list[Path]:
    """Every table of the suite as CSV."""
    return [layout.table(plan.suite.name, name) for name in plan.tables]


def intervals(plan: Plan, name: str) -> Path:
    """The replicates of its cells; `name` may be a wildcard."""
    return layout.intervals(plan.suite.name, name)


def settings(plan: Plan, name: str) -> dict[str, Any]:
    """Its layout and what it prints, tables whose columns it shows, whether numbers are quoted, how intervals are."""
    columns = plan.tables[name].columns
    shown = {column.from_table.table for column in columns if isinstance(column, TableColumn)} & plan.tables.keys()
    layouts = [plan.tables[table].model_dump_json(exclude_defaults=True) for table in (name, *sorted(shown))]
    statistics = load_statistics().model_dump_json()
    return {
        "table": " ".join(layouts),
        "printed": printed(plan, plan.runs_of(name), datasets_of(plan, name)),
        "quote_published": plan.suite.quote_published,
        "statistics": statistics,
        "recordings": recordings_of(plan, name),
    }


def recordings_of(plan: Plan, name: str) -> dict[str, str]:
    """How the datasets that it names say what a recording is, by role; those that do not are left out."""
    said = {role: plan.dataset(role).recording for role in sorted(datasets_of(plan, name))}
    return {role: expression for role, expression in said.items() if expression}


def datasets_of(plan: Plan, name: str) -> set[str]:
    """The datasets that it names, by role: in headings, and where it says how many videos were tested."""
    tested = {evaluation.role for cell in plan.cells[name] for evaluation in cell.evaluations}
    return tested | {column.dataset for column in plan.tables[name].measured}


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command()
def table(name: str, suite: SuiteName = "mini", seeds: Seeds = "", log: Log = None) -> None:
    """Fill a table from the metrics and predictions of its runs."""
    with stage(name, log) as report:
        from tcclip.reporting import write_table

        report(write_table(plan_with_seeds(suite, seeds), name))
