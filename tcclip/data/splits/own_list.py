"""The list of a dataset of one's own: a CSV with the columns path, label and, if the user has decided it, split."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from tcclip.data.splits.lists import Lists, Row
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Own

NEEDED, OPTIONAL = ("path", "label"), ("split",)
SPLITS = {"train": "train1", "test": "test1"}


def read_own(dataset: Own) -> Lists:
    """Class names in alphabetical order, and the splits train1 and test1: as listed, or a seeded stratified draw.

    UserError, one sentence with the line, for a mistake in the CSV; a listed video that is not there is none, coverage
    counts it.
    """
    path = dataset.list_path
    lines = _lines(dataset, path)
    names = sorted({line["label"] for _, line in lines})
    label_of = {name: label for label, name in enumerate(names)}
    rows = _rows(dataset, path, lines, label_of)
    if "split" in lines[0][1]:
        splits: dict[str, list[Row]] = {split: [] for split in SPLITS.values()}
        for (number, line), row in zip(lines, rows, strict=True):
            if line["split"] not in SPLITS:
                raise UserError(f"{path}, line {number}: split must be train or test (got '{line['split']}')")
            splits[SPLITS[line["split"]]].append(row)
    else:
        splits = _drawn(dataset, path, rows, names)
    return {"all": names}, splits


def _lines(dataset: Own, path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line number, cells) of every line that is not empty, the cells without blanks around them."""
    where = f"params/datasets/{dataset.name}.yaml: csv"
    if not path.is_file():
        raise UserError(f"{where}: {dataset.csv} is not there: name the CSV with the columns path and label")
    try:
        text = path.read_bytes().decode("utf-8-sig")  # spreadsheets put a mark in front
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""))  # a quoted name may hold a line break
    header = [cell.strip() for cell in next(reader, [])]
    if len(header) == 1 and ";" in header[0]:
        raise UserError(f"{path} separates its columns by ';': save it with commas (path,label)")
    if odd := [name for name in header if name not in (*NEEDED, *OPTIONAL)]:
        raise UserError(f"{path}: unknown column '{odd[0]}': the columns are path, label and, if you like, split")
    if absent := [name for name in NEEDED if name not in header]:
        raise UserError(f"{path}: column {absent[0]} is missing: its first line must be path,label or path,label,split")
    lines = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise UserError(
                f"{path}, line {reader.line_num}: {len(cells)} cells, and the first line has {len(header)}: "
                "put text with commas into quotes"
            )
        lines.append((reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    if not lines:
        raise UserError(f"{path} lists no videos: write a line path,label for each")
    return lines


def _rows(dataset: Own, path: Path, lines: Sequence[tuple[int, dict[str, str]]], label_of: dict[str, int]) -> list[Row]:
    """(video, label) of every line; an empty cell and a video that is listed twice are errors."""
    seen: dict[str, int] = {}
    rows = []
    for number, line in lines:
        if empty := [name for name in NEEDED if not line[name]]:
            raise UserError(f"{path}, line {number}: the {empty[0]} is empty: write one or take the line out")
        video = video_id(_below(dataset, path, number, line["path"]), dataset.format)
        if video in seen:
            raise UserError(
                f"{path}, line {number}: {line['path']} is listed in line {seen[video]} already "
                "(a video is its path without the suffix): take one of the two out"
            )
        seen[video] = number
        rows.append((video, label_of[line["label"]]))
    return rows


def _below(dataset: Own, path: Path, number: int, name: str) -> str:
    """A listed path below the dataset's folder; the CSV may also hold whole paths."""
    listed = PurePosixPath(name)
    if not listed.is_absolute():
        return name
    folder = Path(dataset.folder).expanduser().absolute()
    if not listed.is_relative_to(folder.as_posix()):
        raise UserError(f"{path}, line {number}: {name} is not below the dataset's folder {folder}")
    return str(listed.relative_to(folder.as_posix()))


def _drawn(dataset: Own, path: Path, rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Row]]:
    """`test_share` of every class is for the test, at least one video and never all.

    A class's draw depends on the seed, its name and its set of videos, so that other classes may come and go.
    """
    videos: dict[int, list[str]] = {label: [] for label in range(len(names))}
    for video, label in rows:
        videos[label].append(video)
    tested: set[str] = set()
    for label, own in videos.items():
        if len(own) < 2:
            raise UserError(
                f"{path}: class '{names[label]}' has one video, and one to train and one to test are needed: "
                "add videos, take the class out, or add a column split"
            )
        count = min(len(own) - 1, max(1, round(dataset.test_share * len(own))))
        rng = np.random.default_rng([dataset.split_seed, *names[label].encode()])
        tested |= set(rng.choice(sorted(own), size=count, replace=False).tolist())
    return {
        "train1": [row for row in rows if row[0] not in tested],
        "test1": [row for row in rows if row[0] in tested],
    }
