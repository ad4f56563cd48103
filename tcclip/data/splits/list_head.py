"""The head of a list of one's own: which columns it names, and the error where it is none."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.data.splits.records import NOTHING, Record, clean
from tcclip.errors import UserError

NEEDED, OPTIONAL = ("path", "label"), ("split", "group")
EXPECTED = "path,label and, if you like, split and group"
DELIMITERS = ",\t;|"
INDEX = re.compile(r"|index|#|no\.?|unnamed: 0", re.IGNORECASE)  # what tables call the numbers of their rows
REMARK = "_"  # begins the name of a column that is for people
SHOWN = 80  # characters of a first line


def delimiter_of(line: str) -> str:
    """What separates the most known columns of a first line."""
    return max(DELIMITERS, key=lambda char: len({*NEEDED, *OPTIONAL} & set(names_of(line, char))))


def names_of(line: str, delimiter: str) -> list[str]:
    """The columns that a first line names, in small letters."""
    return [
        clean(name).lower()
        for name in next(csv.reader([re.sub("^#\\s*", "", line.strip(NOTHING))], delimiter=delimiter), [])
    ]


def check_head(path: Path, number: int, line: str, head: list[str], rows: Sequence[Record]) -> None:
    """Raise where the meaning of a column is not clear."""
    known = (*NEEDED, *OPTIONAL)
    first = f"its first line is {cures.shown(line[:SHOWN])}"
    absent = [name for name in NEEDED if name not in head]
    for place, name in enumerate(head):
        if name in known and head.index(name) != place:
            raise UserError(f"{path}: {first}, with two columns {name}: take one of them out")
        if name in known or name.startswith(REMARK):
            continue
        column = [cells[place] if place < len(cells) else "" for _, _, cells in rows]
        if INDEX.fullmatch(name) and (all(cell.isdigit() for cell in column) or not any(column)):
            continue
        close = difflib.get_close_matches(name, [word for word in known if word not in head], n=1)
        meant = close or absent
        if not name:
            raise UserError(f"{path}: {first}, in which a column has no name: {_expected()}")
        new = meant[0] if meant else f"{REMARK}{name}"
        written = next(word for word in re.split(r'[,;|\t"]', line) if clean(word).lower() == name)
        says = f"calls it {new}" if meant else "makes it a remark"
        command = cures.replace_in_line(number, clean(written), new, path)
        raise UserError(f"{path}: unknown column '{name}': {first}, {_expected()}: {command} {says}")
    if absent:
        raise UserError(f"{path}: column {absent[0]} is missing: {first}, {_expected()}")


def _expected() -> str:
    return f"and {EXPECTED} were expected"


def other_head(path: Path, number: int, line: str, second: str) -> UserError:
    """The error about a list whose first line has none of the names: it is a video already, or has names of its own."""
    delimiter = max(DELIMITERS, key=line.count)
    first = f"its first line is {cures.shown(line[:SHOWN])}, {_expected()}"
    written = ("\\t" if delimiter == "\t" else delimiter).join
    if delimiter not in line and re.fullmatch(r"\S+\s+\S.*", clean(line)):
        has_head = clean(line).lower().startswith("path")
        return UserError(
            f"{path} separates path and label by blanks: {first}: {cures.split_at_blanks(has_head, path)} writes commas"
        )
    if names := _guessed(line.split(delimiter), [""] * len(line.split(delimiter))):
        return UserError(f"{path} has no head: {first}: {cures.insert_head(written(names), path)} writes it")
    if names := _guessed(second.split(delimiter), names_of(line, delimiter)):
        command = cures.replace_line(number, written(names), path)
        return UserError(f"{path} has another head: {first}: {command} writes one that is understood")
    return UserError(f"{path} has no head: {first}")


def _guessed(row: Sequence[str], head: Sequence[str]) -> list[str]:
    """The names of the columns of a row, as far as `head` does not say them; none where they are not clear."""
    cells = [clean(cell) for cell in row]
    is_path = [bool(re.search(r"[/\\]|\.[A-Za-z]\w{1,4}$", cell)) for cell in cells]
    if True not in is_path or len(cells) != len(head):
        return []
    names = []
    for place, cell in enumerate(cells):
        if place == is_path.index(True):
            names.append("path")
        elif cell.lower() in ("train", "test"):
            names.append("split")
        else:
            names.append(f"{REMARK}{head[place]}" if cell.isdigit() and head[place] and len(cells) > 2 else "")
    if names.count("") != 1 or names.count("split") > 1:
        return []
    names[names.index("")] = "label"
    return names
