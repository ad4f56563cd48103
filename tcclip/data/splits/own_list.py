"""The list of a dataset of one's own: a CSV with the columns path, label and, if the user has decided it, split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import check_spellings, check_words
from tcclip.data.splits.list_file import NEEDED, Cells, read_lines
from tcclip.data.splits.lists import Lists, Row
from tcclip.data.splits.names_file import name_of, read_names
from tcclip.data.splits.own_draw import drawn
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Own

SPLITS = {"train": "train1", "test": "test1"}


@dataclass(frozen=True)
class Entry:
    """A line of the list."""

    line: int
    path: str  # as listed
    video: str
    name: str  # of its class
    split: str  # train or test; empty where it is drawn
    group: str  # of what stays together in the draw; a video without one is a group of its own


@dataclass(frozen=True)
class OwnList:
    """A list that has been read, and what is to be said of it although it is no mistake."""

    path: Path
    entries: list[Entry]
    names: list[str]  # of its classes
    remarks: list[str]


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
    for number, line in lines:
        if empty := [name for name in NEEDED if not line[name]]:
            all_empty = [at for at, cells in lines if not all(cells[name] for name in NEEDED)]
            raise UserError(
                f"{path}, line {number}: the {empty[0]} is empty: write one, or "
                f"{cures.delete_lines(all_empty, path)} takes {'the line' if len(all_empty) == 1 else 'such lines'} out"
            )
    check_spellings(path, [(number, line["label"]) for number, line in lines])
    if dataset.names_path:
        of_label = read_names(dataset.names_path, f"{where}: names")
        named = [
            name_of(line["label"], of_label, f"{path}, line {number}", dataset.names_path) for number, line in lines
        ]
        names, remarks = [name for name in dict.fromkeys(of_label.values()) if name in set(named)], []
    else:
        named = [line["label"] for _, line in lines]
        names = sorted(set(named))
        remarks = check_words(path, [(number, line["label"]) for number, line in lines], where)
    entries = [
        Entry(
            number, line["path"], _video(dataset, number, line), name, _split(path, number, line), line.get("group", "")
        )
        for (number, line), name in zip(lines, named, strict=True)
    ]
    _check_doubles(path, entries)
    if "split" in lines[0][1]:
        _check_splits(path, entries)
    return OwnList(path, entries, names, remarks)


def split_entries(dataset: Own, own: OwnList) -> Lists:
    """The lists of `read_own`, of a list that has been read."""
    label_of = {name: label for label, name in enumerate(own.names)}
    if own.entries[0].split:
        tested = {entry.video for entry in own.entries if entry.split == "test"}
    else:
        _check_sizes(own)
        members = [(entry.video, entry.name, entry.group) for entry in own.entries]
        tested = drawn(members, dataset.test_share, dataset.split_seed, str(own.path))
    splits: dict[str, list[Row]] = {split: [] for split in SPLITS.values()}
    for entry in own.entries:
        splits["test1" if entry.video in tested else "train1"].append((entry.video, label_of[entry.name]))
    return {"all": own.names}, splits


def _check_sizes(own: OwnList) -> None:
    """UserError where a class is too small to be parted."""
    counts = Counter(entry.name for entry in own.entries)
    alone = [entry for entry in own.entries if counts[entry.name] < 2]
    if alone:
        more = f" ({len(alone)} classes have one)" if len(alone) > 1 else ""
        raise UserError(
            f"{own.path}, line {alone[0].line}: class '{alone[0].name}' has one video, and one to train and one to "
            f"test are needed{more}: add videos or a column split, or "
            f"{cures.delete_lines([entry.line for entry in alone], own.path)} takes such classes out"
        )


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


def _check_doubles(path: Path, entries: Sequence[Entry]) -> None:
    """UserError where a video is listed twice."""
    first: dict[str, Entry] = {}
    doubles = [entry for entry in entries if first.setdefault(entry.video, entry) is not entry]
    if doubles:
        entry, before = doubles[0], first[doubles[0].video]
        more = f" ({len(doubles)} lines list a video again)" if len(doubles) > 1 else ""
        # of a video that trains and tests the line that trains goes: there are more of these
        out = [min(again, first[again.video], key=lambda one: (one.split == "test", -one.line)) for again in doubles]
        raise UserError(
            f"{path}, line {entry.line}: {entry.path}{_of(entry)} is listed in line {before.line} already{_of(before)} "
            f"(a video is its path without the suffix){more}: take one of the two out: "
            f"{cures.delete_lines([gone.line for gone in out], path)} keeps one"
        )


def _check_splits(path: Path, entries: Sequence[Entry]) -> None:
    """UserError where nothing trains, nothing tests, or a group does both."""
    for split, other in (("train", "test"), ("test", "train")):
        if not any(entry.split == split for entry in entries):
            head = cures.replace_head(path, "split", "_split")
            raise UserError(
                f"{path} says {other} for all of its {len(entries)} videos, and both train and test are needed: write "
                f"{split} for some, or let a share of every class be drawn: {head} makes the column split a remark"
            )
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.group and seen.setdefault(entry.group, entry).split != entry.split:
            before = seen[entry.group]
            raise UserError(
                f"{path}, line {entry.line}: group {cures.shown(entry.group)} is in {entry.split} and, in line "
                f"{before.line}, in {before.split}: give it one split, or let groups be drawn whole: "
                f"{cures.replace_head(path, 'split', '_split')} makes the column split a remark"
            )


def _of(entry: Entry) -> str:
    return f" ({entry.split})" if entry.split else ""
