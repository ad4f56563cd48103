"""Split tables and class lists, as training and evaluation read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

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
    table = _read(path, ["video", "label"])
    if table.empty:
        raise UserError(
            f"{path} lists no videos: check the official lists it is made from and run the splits stage again"
        )
    try:
        labels = table["label"].astype(int)
    except ValueError as error:
        raise UserError(
            f"{path}: every label must be a whole number: delete it and run the splits stage again"
        ) from error
    return list(zip(table["video"], labels.tolist(), strict=True))


def read_classes(path: Path) -> tuple[str, ...]:
    """The class names of a class list, in label order."""
    table = _read(path, ["label", "name"])
    if table["label"].tolist() != [str(label) for label in range(len(table))] or table.empty:
        raise UserError(f"{path}: labels must count 0, 1, 2, ...: delete it and run the splits stage again")
    return tuple(table["name"])


def present(listed: list[Listed], store: FrameSource, classes: int, path: Path, max_missing: float) -> Present:
    """Split a table into videos with frames, broken and missing ones; nothing is ever replaced.

    `path` is the table's file, for messages. It is an error if nothing remains, if a larger share than `max_missing` is
    broken or missing, or if a label is no class. A video that is shorter than announced counts as there.
    """
    wrong = next((video for video, label in listed if not 0 <= label < classes), None)
    if wrong is not None:
        raise UserError(f"{path}: the label of video {wrong} is not one of the {classes} classes of its class list")
    frames = store.index["frames"].to_dict()
    videos = [(video, label) for video, label in listed if frames.get(video, 0) > 0]
    missing = sum(video not in frames for video, _ in listed)
    if not videos:
        raise UserError(
            f"none of the {len(listed)} videos of {path} has frames in {store.folder}: "
            "see the column 'defect' of its index.parquet and run the frames stage again"
        )
    broken = len(listed) - len(videos) - missing
    if broken + missing > max_missing * len(listed):
        raise UserError(
            f"{path}: {len(videos)} of {len(listed)} listed videos have frames, {missing} are missing and {broken} "
            f"broken, more than max_missing: {max_missing:g} allows: `tcclip data status --missing` names them, "
            f"{store.folder}/broken.csv has the reasons; put whole files there, and {frames_again(store.folder.name)} "
            f"scans what has changed, "
            f"or raise max_missing in params/datasets/{store.folder.name}.yaml"
        )
    return Present(videos, len(listed), broken, missing)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    """A CSV of strings; ids such as 'NA' or '0012' stay what they are."""
    if not path.is_file():
        dataset = path.parent.parent.name if path.parent.name == "classes" else path.parent.name
        raise UserError(f"{path} is not there: `tcclip splits {dataset}` makes it")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != columns:
        raise UserError(f"{path} must have the columns {','.join(columns)}: delete it and run the splits stage again")
    return table
