"""The command that shows a model on a page of this machine: `tcclip demo`."""

from __future__ import annotations

from typing import Annotated

import typer

import tcclip
from tcclip.cli.model_options import Device, Ensemble, Run
from tcclip.process.console import stage
from tcclip.process.options import Precision, SuiteName

app = typer.Typer()


@app.command()
def demo(
    run: Run,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0: a free one")] = 7860,
    largest: Annotated[int, typer.Option(min=1, metavar="MB", help="of a video's file")] = 500,
    we: Ensemble = False,
    device: Device = "auto",
    precision: Precision = "auto",
    suite: SuiteName = "mini",
) -> None:
    """Open a page on this machine: drop a video, type class names, see what the model says and where it looks.

    Uploaded files, and what is made of them, are deleted when it ends.
    """
    with stage("demo", None):
        from tcclip.demo.serve import serve

        serve(lambda: tcclip.load(run, suite=suite, we=we, device=device, precision=precision), port, largest)
