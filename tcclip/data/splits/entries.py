"""The lines of a list of one's own, read, and what must hold among them: sizes of classes, no video twice, splits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.data.videos.listing import suffix_of
from tcclip.errors import UserError

OTHER_SIDE = {"left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise"}
SIDE = re.compile(rf"\b(?:{'|'.join(OTHER_SIDE)})\b")


@dataclass(frozen=True)
class Entry:
    """A line of the list."""

    line: int  # the first, where a cell holds a line break
    path: str  # as listed
    video: str
    name: str  # of its class
    split: str  # train or test; empty where it is drawn
    group: str  # of what stays together in the draw; a video without one is a group of its own
    lines: int = 1  # how many it goes over


@dataclass(frozen=True)
class OwnList:
    """A list that has been read, and what is to be said of it although it is no mistake."""

    path: Path
    entries: list[Entry]
    names: list[str]  # of its classes
    remarks: list[str]


def taking_out(entries: Sequence[Entry], path: Path) -> str:
    """What takes lines off a list, as the subject of a sentence."""
    return cures.delete_records({entry.line: entry.lines for entry in entries}, path)


def remark_of_one_class(path: Path, names: Sequence[str]) -> list[str]:
    """A remark on a list whose classes are one."""
    if len(names) > 1:
        return []
    return [f"Warning: {path} has one class alone, {cures.shown(names[0])}: every accuracy will be 100 %: list another"]


def remark_of_sides(where: str, names: Sequence[str], flip: bool) -> list[str]:
    """A remark on two classes of which a mirrored video shows the other one, where training mirrors videos."""
    known = {name.lower(): name for name in names}
    for lower, name in known.items() if flip else ():
        if (other := known.get(SIDE.sub(lambda side: OTHER_SIDE[side[0]], lower), name)) != name:
            return [
                f"Warning: a mirrored video of {cures.shown(name)} shows {cures.shown(other)}, and half of the "
                f"training videos are mirrored: write `flip: false` into {where}"
            ]
    return []


def check_sizes(own: OwnList) -> None:
    """UserError where a class is too small to be parted."""
    counts = Counter(entry.name for entry in own.entries)
    alone = [entry for entry in own.entries if counts[entry.name] < 2]
    if alone:
        more = f" ({len(alone)} classes have one)" if len(alone) > 1 else ""
        raise UserError(
            f"{own.path}, line {alone[0].line}: class '{alone[0].name}' has one video, and one to train and one to "
            f"test are needed{more}: add videos or a column split, or {taking_out(alone, own.path)} takes such "
            "classes out"
        )


def check_doubles(path: Path, entries: Sequence[Entry], folder: Path) -> None:
    """UserError where a video is listed twice, or two files are that have one name without the suffix.

    `folder` has the videos: two files that are both there must be told apart by their names, as no line may go.
    """
    first: dict[str, Entry] = {}
    pairs = [(entry, first[entry.video]) for entry in entries if first.setdefault(entry.video, entry) is not entry]
    if not pairs:
        return
    for again, before in pairs:
        if (folder / again.path).exists() == (folder / before.path).exists() and not _is_one_file(again, before):
            raise UserError(
                f"{path}, line {again.line}: {again.path}{_of(again)} is listed in line {before.line} already, as "
                f"{before.path}{_of(before)} (a video is its path without the suffix): rename one of the two files and "
                "write its new name into its line"
            )
    again, before = pairs[0]
    more = f" ({len(pairs)} lines list a video again)" if len(pairs) > 1 else ""
    raise UserError(
        f"{path}, line {again.line}: {again.path}{_of(again)} is listed in line {before.line} already{_of(before)} "
        f"(a video is its path without the suffix){more}: take one of the two out: "
        f"{taking_out([_superfluous(*pair, folder) for pair in pairs], path)} keeps one"
    )


def _is_one_file(one: Entry, other: Entry) -> bool:
    """Whether two paths of one video may be the same file's."""
    return "" in (suffixes := {suffix_of(one.path), suffix_of(other.path)}) or len(suffixes) == 1


def _superfluous(again: Entry, before: Entry, folder: Path) -> Entry:
    """The line of two that goes: of another file that is not there, or else of a video that trains and tests the one
    that trains, of which there are more.
    """

    def stays(entry: Entry) -> tuple[bool, bool, int]:
        is_there = _is_one_file(again, before) or (folder / entry.path).exists()
        return is_there, entry.split == "test", -entry.line

    return min(again, before, key=stays)


def check_splits(path: Path, entries: Sequence[Entry]) -> None:
    """UserError where nothing trains, nothing tests, or a group does both."""
    for split, other in (("train", "test"), ("test", "train")):
        if not any(entry.split == split for entry in entries):
            head = cures.pass_over_split(path)
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
                f"{cures.pass_over_split(path)} makes the column split a remark"
            )


def _of(entry: Entry) -> str:
    return f" ({entry.split})" if entry.split else ""
