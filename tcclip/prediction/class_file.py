"""A file of class names of a person's own: names alone, or numbered as a dataset's `names:` may be; else a sentence.

A line that means something else would be a class with a number or a comma in its name, and no prediction would tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import is_number
from tcclip.data.splits.names_file import HEAD, REMARK, read_names
from tcclip.data.splits.records import clean, read_text
from tcclip.errors import UserError
from tcclip.prediction.stray_marks import is_json, stray_mark

NUMBERED = re.compile(r'(?:(\d+)\s*([,;:|\t ])|"(\d+)"\s*([,;|\t]))\s*(.*)')  # number, delimiter, name
QUOTED = re.compile(r'"((?:[^"]|"")*)"')
ITEM = re.compile(r"(\d+[.)]|[-*\u2022])\s+.+")  # of a list in a text: 1. pour, - pour
COUNTED = re.compile(r".*\s(\d+)")  # pour 0
SWAPPED = re.compile(r'.*[,;|\t]\s*"?\d+"?')  # pour water,0
TITLES = {"name", "names", "class", "classes", "class name", "class_name", "label", "labels", "label_name"}
COLUMNS = {*TITLES, "id", "index", "number", "class_id"}
WANTED = "write the names alone, one a line"
QUOTES = "what belongs to a name stands in quotes with it"

Lines = Sequence[tuple[int, str]]  # number and text, without blanks around it


def read_class_file(path: Path) -> tuple[str, ...]:
    """Class names in the order of their labels, of lines `<name>`, or `<label>,<name>` and `<label> <name>` from 0 on.

    Names may stand in quotes, and have to with a comma in every line, or where they begin with a number or with # and a
    blank. UserError for a file that is not there, is no text, is empty or means something else.
    """
    lines = _lines(path)
    if is_json("\n".join(text for _, text in lines)):
        raise UserError(f"{path} is JSON: {WANTED}")
    if HEAD.fullmatch(lines[0][1].replace('"', "")):
        _check_labels(path, lines[1:])
        return tuple(read_names(path, "--class-file").values())
    if all(NUMBERED.fullmatch(text) for _, text in lines):
        _check_labels(path, lines)
        return tuple(read_names(path, "--class-file").values())
    plain = [(number, text) for number, text in lines if not QUOTED.fullmatch(text)]
    _check_head(path, lines)
    _check_numbers(path, plain, len(lines))
    if len(plain) == len(lines) and all(re.search(r"[,;|\t]", text) for _, text in plain):
        _refuse(path, plain[0], f"has several cells, as every line: {WANTED}, or 0,name; {QUOTES}")
    for line in plain:
        if why := stray_mark(line[1]):
            _refuse(path, line, f"{why}: {WANTED}; {QUOTES}")
    return tuple(_name(text) for _, text in lines)


def _lines(path: Path) -> Lines:
    """What is not empty of a file, and no remark; UserError where there is no such text."""
    what = "--class-file names a file with a class name a line"
    if path.is_dir():
        raise UserError(f"{path} is a folder: {what}")
    if not path.is_file():
        raise UserError(f"{path} {'is no regular file' if path.exists() else 'is not there'}: {what}")
    numbered = enumerate(re.split("\r\n|\r|\n", read_text(path)), start=1)
    lines = [(number, text) for number, line in numbered if (text := clean(line)) and not REMARK.fullmatch(text)]
    if not lines:
        raise UserError(f"{path} is empty: {what}")
    return lines


def _check_head(path: Path, lines: Lines) -> None:
    """UserError where the first line has the names of columns, of which `read_names` would not know the order."""
    cells = [_name(clean(cell)).lower() for cell in re.split(r"[,;|\t]", lines[0][1])]
    if len(lines) > 1 and len(cells) == 1 and cells[0] in TITLES and not QUOTED.fullmatch(lines[0][1]):
        delete = cures.delete_lines([lines[0][0]], path)
        _refuse(path, lines[0], f"is a column's name and no class: {delete} deletes it; in quotes it is one")
    if len(cells) > 1 and set(cells) <= COLUMNS:
        _refuse(path, lines[0], f"is another head than label,name: write labels first, or {WANTED}")


def _check_labels(path: Path, lines: Lines) -> None:
    """UserError where lines under a head, or numbered ones, do not count from 0, or have further cells."""
    for label, (number, text) in enumerate(lines):
        match = NUMBERED.fullmatch(text)
        delimiter, name = (match[2] or match[4], match[5]) if match else ("", "")
        several = delimiter in ",;|\t" and delimiter in name and not QUOTED.fullmatch(name)
        if match is None or int(match[1] or match[3]) != label or several:
            raise UserError(
                f"{path}, line {number}: '{text}' is not {label} and a name: labels count 0, 1, 2, ..., and a name "
                f"with commas or a number before it stands in quotes; or {WANTED}"
            )


def _check_numbers(path: Path, lines: Lines, count: int) -> None:
    """UserError where lines (those of `count` that are not in quotes) have numbers or marks beside their names."""
    for line in lines:
        if SWAPPED.fullmatch(line[1]):
            _refuse(path, line, f"has a number behind a name: write the number first (0, 1, 2, ...), or {WANTED}")
        if NUMBERED.fullmatch(line[1]):
            _refuse(path, line, f"begins with a number, and other lines do not: {WANTED}; {QUOTES}")
    if len(lines) < count or count < 2:
        return
    numbers = [match and int(match[1]) for match in (COUNTED.fullmatch(text) for _, text in lines)]
    if numbers in ([*range(count)], [*range(1, count + 1)]) or all(ITEM.fullmatch(text) for _, text in lines):
        _refuse(path, lines[0], f"has a number or a mark beside a name, as every line: {WANTED}; {QUOTES}")
    if all(is_number(text) for _, text in lines):
        _refuse(path, lines[0], f"is a number, as every line, and CLIP reads names as words: {WANTED}")


def _refuse(path: Path, line: tuple[int, str], why: str) -> NoReturn:
    raise UserError(f"{path}, line {line[0]}: {cures.shown(line[1])} {why}")


def _name(text: str) -> str:
    """A name without the quotes around it."""
    quoted = QUOTED.fullmatch(text)
    return clean(quoted[1].replace('""', '"')) if quoted else text
