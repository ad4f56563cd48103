"""Options that several commands share: which classes a model is asked about, and of which dataset."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError

Classes = Annotated[
    str | None, typer.Option("--classes", help='names to choose from, for example "opening a drawer, pouring water"')
]
ClassFile = Annotated[Path | None, typer.Option("--class-file", help="the same, one a line or as label,name")]
DatasetName = Annotated[str | None, typer.Option("--dataset", help="whose classes and videos they are (hmdb51, ...)")]
Ensemble = Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")]


def names_of(classes: str | None, class_file: Path | None) -> tuple[str, ...] | None:
    """The class names that are typed or listed; None where neither is given."""
    if classes is not None and class_file is not None:
        raise UserError("--classes and --class-file both name classes: leave one out")
    if class_file is not None:
        return _listed(class_file)
    if classes is None:
        return None
    from tcclip.prediction.classes import typed_names

    return typed_names(classes)


def _listed(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise UserError(f"{path} is not there: --class-file names a file with a class name a line")
    from tcclip.prediction.naming import lines_of

    lines = lines_of(path)
    rows = csv.reader(lines, skipinitialspace=True)
    if [cell.strip().lower() for cell in next(rows, [])] != ["label", "name"]:
        return tuple(line.strip() for line in lines if line.strip())
    found: list[str] = []
    for label, *names in filter(None, rows):
        if label.strip() != str(len(found)) or len(names) != 1:
            raise UserError(
                f"{path}, line {rows.line_num}: '{lines[rows.line_num - 1]}' is not {len(found)} and a name: labels "
                "count 0, 1, 2, ..., and a name with commas stands in quotes; or write the names alone, one a line"
            )
        found.append(names[0].strip())
    return tuple(found)
