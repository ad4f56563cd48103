"""The commands that open results to look at: MLflow's user interface, and Fig. 6."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.plan import load_plan
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

app = typer.Typer()


@app.command()
def ui(port: Annotated[int, typer.Option(help="TCP port on localhost")] = 5000) -> None:
    """Open the MLflow UI on localhost."""
    with stage("MLflow UI", None):
        from tcclip.tracking.ui import open_ui

        open_ui(port)


@app.command()
def sources(
    run: str,
    evaluation: str,
    video: str,
    out: Annotated[Path, typer.Option(help="PNG")] = Path("sources.png"),
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches a video's context tokens are made of (Fig. 6); the run's method needs tc.trace: true."""
    with stage("sources", None) as say:
        from tcclip.reporting.token_figure import draw_sources

        say(draw_sources(load_plan(suite), run, evaluation, video, out))
