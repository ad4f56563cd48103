"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SuiteName = Annotated[str, typer.Option("--suite", help="mini or paper")]
Gpus = Annotated[int | None, typer.Option(min=0, help="processes, one per GPU; else machine.gpus of the suite")]
Log = Annotated[Path | None, typer.Option("--log", help="write all output there and print one line only")]
