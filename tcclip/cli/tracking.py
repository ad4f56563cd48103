"""The commands about MLflow: its store, the runs in it, its user interface."""

from __future__ import annotations

from typing import Annotated

import typer

from tcclip.cli.options import Log, SuiteName
from tcclip.plan import load_plan
from tcclip.process.console import stage

app = typer.Typer()


@app.command("mlflow-store")
def mlflow_store(log: Log = None) -> None:
    """Create the MLflow store, once."""
    with stage("MLflow store", log):
        from tcclip.tracking.store import create_store

        create_store()


@app.command()
def mlflow(suite: SuiteName = "mini", log: Log = None) -> None:
    """Load the run folders into MLflow; unchanged runs are left alone."""
    with stage("MLflow runs", log) as say:
        from tcclip.tracking.loader import load_runs

        say(load_runs(load_plan(suite)))


@app.command()
def ui(port: Annotated[int, typer.Option(help="TCP port on localhost")] = 5000) -> None:
    """Open the MLflow UI on localhost."""
    with stage("MLflow UI", None):
        from tcclip.tracking.ui import open_ui

        open_ui(port)
