"""MLflow's view of the run folders: the store is made once, before any run, and filled by one serial job.

Trainings do not name the store as an input, because a new store would train them all again; `make_store_first` of the
Snakefile sees to it that a server which is shown trainings has its experiments before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.plan import Plan, Run, layout, plan_with_seeds
from tcclip.process.console import stage
from tcclip.process.options import Log, Seeds, SuiteName
from tcclip.stages import evaluate, fingerprint, table

CODE = ("tcclip.tracking",)

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """The final numbers of all runs, and all tables."""
    return evaluate.numbers(plan) + table.csvs(plan)


def loaded(plan: Plan) -> Path:
    """Which results have been loaded."""
    return layout.mlflow_loaded(plan.suite.name)


def outputs(plan: Plan) -> list[Path]:
    """What has been loaded; which run is which entry, and where MLflow's charts of the tables are in this store."""
    return [loaded(plan), layout.mlflow_index(plan.suite.name), layout.mlflow_charts(plan.suite.name)]


def tables(plan: Plan) -> list[str]:
    """Run and the tables that it serves, which MLflow tells as well."""
    return [f"{run}:{','.join(plan.tables_of(run))}" for run in sorted(plan.runs)]


def code() -> str:
    """Fingerprint of the stage's code and templates."""
    return f"{fingerprint.code(*CODE)} {fingerprint.templates(*CODE)}"


def of_untrained(plan: Plan, run: Run) -> tuple[dict[str, object], dict[str, str]]:
    """Params and fingerprints of a run that was not trained; a training has written its own to params.yaml."""
    depends = evaluate.depends_on(plan, run.name)
    data = fingerprint.data(file for file in depends.inputs if file.is_file())
    return depends.settings, {"code_fingerprint": depends.code, "data_fingerprint": data}


@app.command("mlflow-store")
def mlflow_store(
    later: Annotated[
        bool, typer.Option("--later", help="a store that does not answer is left to `tcclip mlflow`")
    ] = False,
    log: Log = None,
) -> None:
    """Create the MLflow store, once."""
    with stage("MLflow store", log) as say:
        from tcclip.tracking.store import create_store

        say(create_store(later=later))


@app.command()
def mlflow(suite: SuiteName = "mini", seeds: Seeds = "", log: Log = None) -> None:
    """Load the run folders into MLflow; unchanged runs are left alone."""
    with stage("MLflow runs", log) as say:
        from tcclip.tracking.loader import load_runs

        say(load_runs(plan_with_seeds(suite, seeds), of_untrained))
