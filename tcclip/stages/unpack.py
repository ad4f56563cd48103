"""Archives of the real datasets, unpacked into videos and lists."""

from __future__ import annotations

from pathlib import Path

import typer

from tcclip.params.dataset import load_release
from tcclip.plan import layout
from tcclip.process.console import stage
from tcclip.process.options import Log

app = typer.Typer()


def inputs(dataset: str) -> list[Path]:
    """What was received; `dataset` may be a wildcard."""
    return [layout.received(dataset)]


def outputs(dataset: str) -> list[Path]:
    """The record of what was unpacked; `dataset` may be a wildcard."""
    return [layout.unpacked(dataset)]


@app.command()
def unpack(dataset: str, log: Log = None) -> None:
    """Unpack a dataset's downloaded archives into videos/ and lists/, or go on with it."""
    with stage(f"unpacking {dataset}", log) as report:
        from tcclip.data.release.unpack import unpack as unpack_all

        report(unpack_all(load_release(dataset)))
