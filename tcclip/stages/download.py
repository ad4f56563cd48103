"""The files of a real dataset's release and its published lists, verified and recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.params.dataset import load_release
from tcclip.plan import layout
from tcclip.process.console import stage
from tcclip.process.options import Log

app = typer.Typer()


def outputs(dataset: str) -> list[Path]:
    """The record of what was received; `dataset` may be a wildcard."""
    return [layout.received(dataset)]


@app.command()
def download(
    dataset: str,
    verify: Annotated[bool, typer.Option("--verify", help="hash untouched files again as well")] = False,
    log: Log = None,
) -> None:
    """Fetch the files of a real dataset and its published lists, or go on where it was interrupted."""
    with stage(f"download of {dataset}", log) as report:
        from tcclip.data.release.download import download as fetch
        from tcclip.data.release.parcels import finished_archives

        of_dataset, unpacked = load_release(dataset), finished_archives(dataset)
        report(fetch(of_dataset, layout.downloads(dataset), again=verify, unpacked=unpacked))
