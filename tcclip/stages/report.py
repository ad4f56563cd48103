"""One page with all tables and figures, and the numbers and curves for `dvc metrics diff` and `dvc plots diff`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any

import typer

from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process.console import stage
from tcclip.process.options import Log, Seeds, SuiteName
from tcclip.stages import claims, evaluate, figure, fingerprint, table, verdicts
from tcclip.stages.depends import require
from tcclip.stages.printed import printed

CODE = ("tcclip.reporting",)

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """All tables, the claims and verdicts of them, the final numbers of all runs, and the paper's figures."""
    judged = claims.outputs(plan) + verdicts.outputs(plan)
    return table.csvs(plan) + judged + evaluate.numbers(plan) + figure.files(plan)


def page(plan: Plan) -> Path:
    """The page."""
    return layout.reports(plan.suite.name) / "index.html"


def outputs(plan: Plan) -> list[Path]:
    """The page and the one that leads to MLflow; headline numbers, every cell, every comparison with a baseline."""
    files = ("mlflow.html", "metrics.json", "cells.json", "comparisons.csv")
    return [page(plan), *(layout.reports(plan.suite.name) / name for name in files)]


def curves(plan: Plan) -> Path:
    """The folder of the curves for `dvc plots`."""
    return layout.reports(plan.suite.name) / "curves"


def charts(plan: Plan) -> Path:
    """The folder of the page's charts."""
    return layout.charts(plan.suite.name)


def settings(plan: Plan) -> dict[str, Any]:
    """What the page prints beside tables, figures and numbers."""
    titles = {name: table.title for name, table in plan.tables.items()}
    return {"printed": printed(plan, plan.runs, plan.displays, titles)}


def code() -> str:
    """Fingerprint of the stage's code and templates."""
    return f"{fingerprint.code(*CODE)} {fingerprint.templates(*CODE)}"


@app.command()
def report(
    suite: SuiteName = "mini",
    seeds: Seeds = "",
    so_far: Annotated[bool, typer.Option("--so-far", help="the page alone, of the tables that are there")] = False,
    log: Log = None,
) -> None:
    """Write the page with all tables and figures, and the headline numbers."""
    with stage("report", log) as say:
        from tcclip.reporting import write_report

        plan = plan_with_seeds(suite, seeds)
        made = table.csvs(plan) + claims.outputs(plan) + verdicts.outputs(plan)
        require([] if so_far else made, f"snakemake {outputs(plan)[0]} --config suite={suite}")
        say(write_report(plan, so_far, functools.partial(evaluate.data_behind, plan)))
