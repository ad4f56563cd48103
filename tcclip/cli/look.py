"""The commands that open results to look at: MLflow's user interface, and Fig. 6."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.cli.outputs import refuse_raw
from tcclip.cli.seeing import check_suffix
from tcclip.plan import load_plan
from tcclip.plan.changes import changed_run
from tcclip.process.console import stage
from tcclip.process.options import SuiteName, Values

app = typer.Typer()


@app.command()
def ui(port: Annotated[int, typer.Option(help="TCP port on localhost")] = 5000) -> None:
    """Open the MLflow UI on localhost."""
    with stage("MLflow UI", None):
        from tcclip.tracking.ui import open_ui

        open_ui(port)


@app.command("token-figure")
@app.command("sources", hidden=True)  # its earlier name
def token_figure(
    run: str,
    evaluation: str,
    video: str,
    out: Annotated[Path, typer.Option(help="PNG or PDF")] = Path("token_figure.png"),
    values: Values = None,
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches a video's context tokens are made of (Fig. 6); the run's method needs tc.trace: true."""
    with stage("token figure", None) as say:
        check_suffix(out, (".png", ".pdf"))
        refuse_raw(out)
        from tcclip.reporting.token_figure import draw_tokens

        say(draw_tokens(*changed_run(load_plan(suite), run, values or []), evaluation, video, out))
