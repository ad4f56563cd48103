"""The command that opens MLflow's user interface."""

from __future__ import annotations

from typing import Annotated

import typer

from tcclip.process.console import stage

app = typer.Typer()


@app.command()
def ui(port: Annotated[int, typer.Option(help="TCP port on localhost")] = 5000) -> None:
    """Open the MLflow UI on localhost."""
    with stage("MLflow UI", None):
        from tcclip.tracking.ui import open_ui

        open_ui(port)
