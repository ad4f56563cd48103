"""What the commands that use a model share: which model, where it computes, and which classes it is asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError

Run = Annotated[str, typer.Argument(help="a run's folder or name, an untrained method, or an exported folder")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where the suite uses one")]
Classes = Annotated[
    str | None, typer.Option("--classes", help='names to choose from, for example "opening a drawer, pouring water"')
]
ClassFile = Annotated[Path | None, typer.Option("--class-file", help="the same, one a line, or label,name from 0")]
DatasetName = Annotated[str | None, typer.Option("--dataset", help="whose classes and videos they are (hmdb51, ...)")]
Ensemble = Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")]


def names_of(classes: str | None, class_file: Path | None) -> tuple[str, ...] | None:
    """The class names that are typed or listed; None where neither is given."""
    if classes is not None and class_file is not None:
        raise UserError("--classes and --class-file both name classes: leave one out")
    if class_file is not None:
        from tcclip.prediction.class_file import read_class_file

        return read_class_file(class_file)
    if classes is None:
        return None
    from tcclip.prediction.classes import typed_names

    return typed_names(classes)
