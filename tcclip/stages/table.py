"""One table from the metrics and predictions of its runs; a changed layout trains nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process.console import stage
from tcclip.process.options import Log, Seeds, SuiteName
from tcclip.stages import bench, evaluate, fingerprint

CODE = ("tcclip.reporting.tables",)
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


def intervals(plan: Plan, name: str) -> Path:
    """The replicates of its cells; `name` may be a wildcard."""
    return layout.intervals(plan.suite.name, name)


def settings(plan: Plan, name: str) -> dict[str, Any]:
    """A table depends on its layout, on whether published numbers are quoted, and on how intervals are drawn."""
    layout_of_it = plan.tables[name].model_dump_json(exclude_defaults=True)
    statistics = load_statistics().model_dump_json()
    return {"table": layout_of_it, "quote_published": plan.suite.quote_published, "statistics": statistics}


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command()
def table(name: str, suite: SuiteName = "mini", seeds: Seeds = "", log: Log = None) -> None:
    """Fill a table from the metrics and predictions of its runs."""
    with stage(name, log) as report:
        from tcclip.reporting import write_table

        report(write_table(plan_with_seeds(suite, seeds), name))
