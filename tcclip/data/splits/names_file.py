"""The list of names beside a list of one's own whose labels are numbers or short words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import as_read, is_number
from tcclip.data.splits.records import clean, read_text
from tcclip.errors import UserError

HEAD = re.compile(r"(id|index|label|number|class|class_id)[ ,;|\t]+(name|names|class_name|label_name)", re.IGNORECASE)
NUMBERED = re.compile(r"(\d+)\s*([,;:|\t ])\s*(.*)")  # label, delimiter, name
LABELLED = re.compile(r"([^,;|\t]+?)\s*([,;|\t])\s*(.*)")
REMARK = re.compile(r"#(\s.*)?")

Named = tuple[int, str, str]  # line, label, name


def read_names(path: Path, where: str) -> dict[str, str]:
    """Label -> name, in the file's order.

    Lines `<label>,<name>`, with or without a head (`id,name` as the authors', `label,name`), or `<number> <name>` (as
    UCF-101's classInd.txt), or names alone, which count from 0; lines that begin with # and a blank are remarks.
    `where` says which key names the file. UserError for another file, for lines of several forms, and where a name is
    missing, stands twice or is a number.
    """
    if not path.is_file():
        raise UserError(f"{where}: {path} is not there: name the list of class names, with lines <label>,<name>")
    lines = [(number, line) for number, line in enumerate(re.split("\r\n|\r|\n", read_text(path)), start=1)]
    lines = [(number, line) for number, line in lines if clean(line) and not REMARK.fullmatch(clean(line))]
    if lines and HEAD.fullmatch(clean(lines[0][1]).replace('"', "")):
        del lines[0]
    if not lines:
        raise UserError(f"{path} has no names: write a line <label>,<name> for each class")
    named = _pairs(path, lines)
    _check_labels(path, named)
    _check_names(path, named)
    return {label: name for _, label, name in named}


def _check_labels(path: Path, named: Sequence[Named]) -> None:
    """UserError where a label has no name, or two."""
    seen: set[str] = set()
    for number, label, name in named:
        if not name:
            raise UserError(f"{path}, line {number}: the name of {label} is empty: write it in words, as CLIP reads it")
        if label in seen:
            raise UserError(f"{path}, line {number}: {label} has a name already: {cures.delete_lines([number], path)}")
        seen.add(label)


def _check_names(path: Path, named: Sequence[Named]) -> None:
    """UserError where two labels have one name, which would make them one class, or where all names are numbers."""
    first: dict[str, Named] = {}
    for number, label, name in named:
        before = first.setdefault(as_read(name), (number, label, name))
        if before[0] != number:
            raise UserError(
                f"{path}: {cures.shown(before[2])} (line {before[0]}) and {cures.shown(name)} (line {number}) name the "
                f"labels {before[1]} and {label}, and CLIP reads them alike, as one class: write another name for one "
                "of them"
            )
    if all(is_number(name) for _, _, name in named):
        number, label, name = named[0]
        raise UserError(
            f"{path}, line {number}: the name of {label} is {cures.shown(name)}, a number as all names are, and CLIP "
            "reads names as words: write them in words"
        )


def name_of(label: str, names: dict[str, str], line: str, path: Path) -> str:
    """The name of a label; `line` says where the label stands. 03 is 3."""
    key = _key(label)
    if key not in names:
        given = ", ".join(list(names)[:5]) + (", ..." if len(names) > 5 else "")
        raise UserError(
            f"{line}: label '{label}' has no name in {path} (which names {given}): write {key},<name> there"
        )
    return names[key]


def _pairs(path: Path, lines: Sequence[tuple[int, str]]) -> list[Named]:
    """Line, label and name, by the first of the three forms that all lines have."""
    for form in (NUMBERED, LABELLED):
        found = [(number, form.fullmatch(clean(line))) for number, line in lines]
        if all(match for _, match in found):
            _check_columns(path, lines, form)
            return [(number, _key(match[1]), _plain(match[3])) for number, match in found if match]
    _check_forms(path, lines)
    return [(number, str(place), _plain(line)) for place, (number, line) in enumerate(lines)]


def _check_columns(path: Path, lines: Sequence[tuple[int, str]], form: re.Pattern[str]) -> None:
    """UserError where every line has a third column, which would become a part of the name."""
    found = [match for _, line in lines if (match := form.fullmatch(clean(line)))]
    more = [match for match in found if match[2].strip() and match[2].strip() in match[3] and '"' not in match[3]]
    if len(more) == len(lines) > 1:
        raise UserError(
            f"{path}, line {lines[0][0]}: {cures.shown(clean(lines[0][1]))} has three columns as all lines have, and "
            "<label>,<name> were expected: leave the others out, or put names with commas into quotes"
        )


def _check_forms(path: Path, lines: Sequence[tuple[int, str]]) -> None:
    """UserError where lines are read as names alone, and most of them begin with a label; names may hold commas."""
    for form, shape, most in ((NUMBERED, "<number> <name>", 1 / 2), (LABELLED, "<label>,<name>", 1 / 4)):
        others = [(number, line) for number, line in lines if not form.fullmatch(clean(line))]
        if len(others) <= most * len(lines):
            number, line = others[0]
            raise UserError(
                f"{path}, line {number}: {cures.shown(clean(line))} is not {shape}, as {len(lines) - len(others)} of "
                f"the {len(lines)} lines are: write {shape} there too, or # and a blank before a remark"
            )


def _key(label: str) -> str:
    text = _plain(label)
    return str(int(text)) if text.isdecimal() else text


def _plain(cell: str) -> str:
    text = clean(cell)
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text
