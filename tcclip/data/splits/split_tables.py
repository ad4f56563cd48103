"""Split tables and class lists, as training and evaluation read them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from tcclip.data.videos.frames import FrameSource
from tcclip.errors import UserError
from tcclip.plan.advice import frames_again

Listed = tuple[str, int]  # video, label


@dataclass(frozen=True)
class Present:
    """A split table against the frames that are there."""

    videos: list[Listed]  # with frames, in the table's order
    listed: int  # rows of the table
    broken: int  # extracted without a single frame; the index has the reason
    missing: int  # not in the index at all


def read_split(path: Path) -> list[Listed]:
    """The (video, label) rows of a split table; an empty one is an error."""
    rows = _read(path, ["video", "label"])
    if not rows:
        raise UserError(
            f"{path} lists no videos: check the official lists it is made from and run the splits stage again"
        )
    try:
        return [(video, int(label)) for video, label in rows]
    except ValueError as error:
        raise UserError(
            f"{path}: every label must be a whole number: delete it and run the splits stage again"
        ) from error


def read_classes(path: Path) -> tuple[str, ...]:
    """The class names of a class list, in label order."""
    rows = _read(path, ["label", "name"])
    if [label for label, _ in rows] != [str(label) for label in range(len(rows))] or not rows:
        raise UserError(f"{path}: labels must count 0, 1, 2, ...: delete it and run the splits stage again")
    return tuple(name for _, name in rows)


def present(listed: list[Listed], store: FrameSource, classes: int, path: Path, max_missing: float) -> Present:
    """Split a table into videos with frames, broken and missing ones; nothing is ever replaced.

    `path` is the table's file, for messages. It is an error if nothing remains, if a larger share than `max_missing` is
    broken or missing, or if a label is no class. A video that is shorter than announced counts as there.
    """
    wrong = next((video for video, label in listed if not 0 <= label < classes), None)
    if wrong is not None:
        raise UserError(f"{path}: the label of video {wrong} is not one of the {classes} classes of its class list")
    videos = [(video, label) for video, label in listed if video in store]
    absent = [video for video, _ in listed if video not in store]
    indexed = set(store.index["video"]) if absent else set()
    missing = sum(video not in indexed for video in absent)
    if not videos:
        raise UserError(
            f"none of the {len(listed)} videos of {path} has frames in {store.folder}: "
            "see the column 'defect' of its index.parquet and run the frames stage again"
        )
    broken = len(absent) - missing
    if broken + missing > max_missing * len(listed):
        raise UserError(
            f"{path}: {len(videos)} of {len(listed)} listed videos have frames, {missing} are missing and {broken} "
            f"broken, more than max_missing: {max_missing:g} allows: `tcclip data status --missing` names them, "
            f"{store.folder}/broken.csv has the reasons; put whole files there, and {frames_again(store.folder.name)} "
            f"scans what has changed, "
            f"or raise max_missing in params/datasets/{store.folder.name}.yaml"
        )
    return Present(videos, len(listed), broken, missing)


def _read(path: Path, columns: list[str]) -> list[list[str]]:
    """The rows of a CSV with these columns, as strings; ids such as 'NA' or '0012' stay what they are.

    pandas would take 10 ms for its first file, and every training and evaluation reads two or three.
    """
    if not path.is_file():
        dataset = path.parent.parent.name if path.parent.name == "classes" else path.parent.name
        raise UserError(f"{path} is not there: `tcclip splits {dataset}` makes it")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = [row for row in csv.reader(file) if row] or [[]]
    if head != columns:
        raise UserError(f"{path} must have the columns {','.join(columns)}: delete it and run the splits stage again")
    if other := next((row for row in rows if len(row) != len(columns)), None):
        raise UserError(
            f"{path} must have {len(columns)} values in every row, which '{','.join(other)}' has not: "
            "delete it and run the splits stage again"
        )
    return rows
