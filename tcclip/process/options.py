"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SuiteName = Annotated[str, typer.Option("--suite", help="mini or paper")]
Gpus = Annotated[int | None, typer.Option(min=0, help="processes, one per GPU; else machine.gpus of the suite")]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="another value of the method (tc.k=32) or of its protocol (protocol.lr=1e-4); repeat",
    ),
]
Log = Annotated[Path | None, typer.Option("--log", help="write all output there and print one line only")]
