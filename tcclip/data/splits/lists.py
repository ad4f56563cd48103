"""The official lists of a release, read into class names and labelled videos by the module of its format.

A module of `tcclip.data.splits.formats` has the name that `format` of a dataset's file says, and a function
`read(dataset, folder)` that gives `(classes, splits)`: class names by list name ("all", or one list per split), and per
split the rows (video, label) in the file's order. Videos whose file is missing stay in the lists;
`split_tables.present` counts them. This module has what several formats need.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Generated, Release

Official = Generated | Release  # they have the official lists of a format

Row = tuple[str, int]  # video, label
Lists = tuple[dict[str, list[str]], dict[str, list[Row]]]

FORMATS = "tcclip.data.splits.formats"


def read_lists(dataset: Official, raw: Path) -> Lists:
    """The official lists under `raw`/lists for the splits that the dataset's file names."""
    lists: Lists = import_module(f"{FORMATS}.{dataset.format}").read(dataset, raw / "lists")
    return lists


def check_counts(dataset: Official, classes: Mapping[str, Sequence[str]], splits: Mapping[str, Sequence[Row]]) -> None:
    """UserError where official lists have other classes, or fewer videos, than the dataset's file counts.

    They may list more: the file counts the videos that there are. Of several class lists the largest is counted.
    """
    most = max(map(len, classes.values()))
    if most != dataset.counts.get("classes", most):
        raise _other_count(dataset, "classes", f"{most} class{'es' * (most != 1)}")
    for split, rows in splits.items():
        if len(rows) < dataset.counts.get(split, 0):
            raise _other_count(dataset, split, f"{len(rows)} video{'s' * (len(rows) != 1)} of {split}")


def _other_count(dataset: Official, key: str, found: str) -> UserError:
    return UserError(
        f"dataset {dataset.name}: its official lists have {found}, and params/datasets/{dataset.name}.yaml says "
        f"counts.{key}: {dataset.counts[key]}: put all files of the release's lists in place, whole, or write the "
        "number of yours there"
    )


def read_names(path: Path) -> list[str]:
    """A published table of class names, columns id and name, in the order of id."""
    rows = table(path, path.read_text(encoding="utf-8-sig").splitlines(), ("id", "name"))
    if wrong := next((row for row in rows if not row[0].isdecimal()), None):
        raise UserError(f"{path}: id '{wrong[0]}' of class '{wrong[1]}' must be a number")
    return [name for _, name in sorted(rows, key=lambda row: int(row[0]))]


def table(path: Path, lines: Sequence[str], columns: tuple[str, str]) -> list[tuple[str, str]]:
    """Two columns of a table with a head; UserError where it lacks them, or a row does."""
    rows = csv.DictReader(lines)
    if not set(columns) <= set(rows.fieldnames or []):
        raise UserError(f"{path}: expected a table with the columns {' and '.join(columns)}, as in the release")
    found = []
    for row in rows:
        first, second = (row[column] for column in columns)
        if not first or not second:
            lacking = columns[bool(first)]
            raise UserError(
                f"{path}: the row of '{first or second}' has no {lacking}: put the release's own file there"
            )
        found.append((first, second))
    return found


def read_labelled(path: Path, fmt: str, classes: int) -> list[Row]:
    """A published list with lines `<file> <label>`; the last line may lack its newline."""
    rows: list[Row] = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        file, label = pair(line.rstrip(), path)
        if not label.isdecimal() or int(label) >= classes:
            raise UserError(f"{path}: line '{line}' must end in a label from 0 to {classes - 1}")
        rows.append((video_id(file, fmt), int(label)))
    return rows


def pair(line: str, path: Path) -> tuple[str, str]:
    """`<file> <tag>`, split at the last blank only: names hold blanks and ( ) ~ + @ # & ;"""
    parts = line.rsplit(" ", 1)
    if len(parts) != 2:
        raise UserError(f"{path}: line '{line}' must be a file name, a blank and a number")
    return parts[0].rstrip(), parts[1]


def lines(dataset: Official, path: Path) -> list[str]:
    """The lines of an official list that are not empty."""
    if not path.is_file():
        raise missing(dataset, path)
    try:
        return [line.rstrip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: put the release's own file there") from error


def parsed(dataset: Official, path: Path) -> Any:
    """The content of an official list in JSON; UserError where it is none, as after a download that was cut."""
    try:
        return json.loads("\n".join(lines(dataset, path)))
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise UserError(f"{where}: no JSON ({error.msg}): put the release's whole file there") from error


def label(name: str, label_of: dict[str, int], path: Path) -> int:
    """The label of a class that a list names."""
    if name not in label_of:
        raise UserError(f"{path}: class '{name}' is not in the dataset's class list")
    return label_of[name]


def numbered(dataset: Official, split: str) -> tuple[str, str]:
    """("train", "1") of train1."""
    kind = split.rstrip("0123456789")
    number = split[len(kind) :]
    if kind not in ("train", "test") or not number:
        raise UserError(f"dataset {dataset.name}: split '{split}' must be train1, test1, train2, ... for this format")
    return kind, number


def missing(dataset: Official, path: Path) -> UserError:
    """The error about an official list that is not there."""
    return UserError(
        f"dataset {dataset.name}: the official list {path} is missing: put the lists of the release into {path.parent} "
        "(mini: delete the dataset's folder and run again)"
    )
