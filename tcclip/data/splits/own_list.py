"""The list of a dataset of one's own: a CSV with the columns path, label and, if the user has decided it, split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import check_groups, check_spellings, check_words
from tcclip.data.splits.entries import (
    Entry,
    OwnList,
    check_doubles,
    check_sizes,
    check_splits,
    remark_of_one_class,
    remark_of_sides,
)
from tcclip.data.splits.list_file import Cells, ListedVideo, read_lines
from tcclip.data.splits.list_head import NEEDED
from tcclip.data.splits.lists import Lists, Row
from tcclip.data.splits.names_file import name_of, read_names
from tcclip.data.splits.own_draw import drawn
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Own

SPLITS = {"train": "train1", "test": "test1"}


def read_own(dataset: Own) -> Lists:
    """Class names, and the splits train1 and test1: as listed, or a seeded stratified draw."""
    return split_entries(dataset, read_entries(dataset))


def read_entries(dataset: Own) -> OwnList:
    """The list's lines, and the class names: in alphabetical order, or in that of the list of names.

    UserError, one sentence with the line and what repairs it, for a mistake in the list; whether the videos are there
    is `listed_paths`'s question.
    """
    path, where = dataset.list_path, f"params/datasets/{dataset.name}.yaml"
    lines = read_lines(dataset)
    _check_cells(path, lines)
    labels = [(line.number, line.cells["label"]) for line in lines]
    check_spellings(path, labels)
    check_groups(path, [(line.number, line.cells["group"]) for line in lines if line.cells.get("group")])
    if dataset.names_path:
        of_label = read_names(dataset.names_path, f"{where}: names")
        named = [name_of(label, of_label, f"{path}, line {number}", dataset.names_path) for number, label in labels]
        names, remarks = [name for name in dict.fromkeys(of_label.values()) if name in set(named)], []
    else:
        named = [label for _, label in labels]
        names, remarks = sorted(set(named)), check_words(path, labels, where)
    entries = [_entry(dataset, line, name) for line, name in zip(lines, named, strict=True)]
    check_doubles(path, entries, Path(dataset.folder).expanduser())
    if "split" in lines[0].cells:
        check_splits(path, entries)
    remarks = [*remarks, *remark_of_one_class(path, names), *remark_of_sides(where, names, dataset.flip)]
    return OwnList(path, entries, names, remarks)


def split_entries(dataset: Own, own: OwnList) -> Lists:
    """The lists of `read_own`, of a list that has been read."""
    label_of = {name: label for label, name in enumerate(own.names)}
    if own.entries[0].split:
        tested = {entry.video for entry in own.entries if entry.split == "test"}
    else:
        check_sizes(own)
        members = [(entry.video, entry.name, entry.group) for entry in own.entries]
        tested = drawn(members, dataset.test_share, dataset.split_seed, str(own.path))
    splits: dict[str, list[Row]] = {split: [] for split in SPLITS.values()}
    for entry in own.entries:
        splits["test1" if entry.video in tested else "train1"].append((entry.video, label_of[entry.name]))
    return {"all": own.names}, splits


def _check_cells(path: Path, lines: Sequence[ListedVideo]) -> None:
    """UserError where a path or a label is empty."""
    empty = [line for line in lines if not all(line.cells[name] for name in NEEDED)]
    if empty:
        name = next(name for name in NEEDED if not empty[0].cells[name])
        raise UserError(
            f"{path}, line {empty[0].number}: the {name} is empty: write one, or "
            f"{cures.delete_records({line.number: line.lines for line in empty}, path)} takes "
            f"{'the line' if len(empty) == 1 else 'such lines'} out"
        )


def _entry(dataset: Own, line: ListedVideo, name: str) -> Entry:
    cells = line.cells
    video, split = _video(dataset, line.number, cells), _split(dataset.list_path, line.number, cells)
    return Entry(line.number, cells["path"], video, name, split, cells.get("group", ""), line.lines)


def _video(dataset: Own, number: int, line: Cells) -> str:
    """A listed path below the dataset's folder; the CSV may also hold whole paths."""
    listed = PurePosixPath(line["path"])
    if not listed.is_absolute():
        return video_id(str(listed), dataset.format)
    folder = Path(dataset.folder).expanduser().absolute()
    if not listed.is_relative_to(folder.as_posix()):
        rest = next((part for part in _endings(listed) if (folder / part).exists()), "")
        prefix = str(listed).removesuffix(rest)
        raise UserError(
            f"{dataset.list_path}, line {number}: {listed} is not below the dataset's folder {folder}: "
            + (f"{rest} is, so {cures.cut_paths(prefix, False, dataset.list_path)} writes it" if rest else "")
            + (f"name the folder of the listed videos in params/datasets/{dataset.name}.yaml" if not rest else "")
        )
    return video_id(str(listed.relative_to(folder.as_posix())), dataset.format)


def _endings(path: PurePosixPath) -> list[str]:
    return ["/".join(path.parts[start:]) for start in range(1, len(path.parts))]


def _split(path: Path, number: int, line: Cells) -> str:
    """`train` or `test`, in any case; empty without the column."""
    if "split" not in line:
        return ""
    word = line["split"]
    split = {"training": "train", "testing": "test"}.get(word.lower(), word.lower())
    if split in SPLITS:
        return split
    sentence = f"{path}, line {number}: split must be train or test (got {cures.shown(word)})"
    if re.fullmatch("val|valid|validation|eval|dev", split):
        raise UserError(f"{sentence}: {cures.replace_cells({word: 'test'}, path)} tests with those videos")
    raise UserError(f"{sentence}: write one of the two")
