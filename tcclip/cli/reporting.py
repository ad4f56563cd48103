"""The commands that show results: tables, the page, and Fig. 6."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.cli.options import Log, SuiteName
from tcclip.plan import load_plan
from tcclip.process.console import stage

app = typer.Typer()


@app.command()
def table(name: str, suite: SuiteName = "mini", log: Log = None) -> None:
    """Fill a table from the metrics of its runs."""
    with stage(name, log) as report:
        from tcclip.reporting import write_table

        report(write_table(load_plan(suite), name))


@app.command()
def report(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write the page with all tables and figures, and the headline numbers."""
    with stage("report", log) as say:
        from tcclip.reporting import write_report

        say(write_report(load_plan(suite)))


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
