"""The list of names beside a list of one's own whose labels are numbers or short words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import check_spellings
from tcclip.data.splits.list_file import clean
from tcclip.errors import UserError

HEAD = re.compile(r"(id|index|label|number|class|class_id)[ ,;|\t]+(name|names|class_name|label_name)", re.IGNORECASE)
NUMBERED = re.compile(r"(\d+)\s*[,;:|\t ]\s*(.*)")
LABELLED = re.compile(r"([^,;|\t]+?)\s*[,;|\t]\s*(.*)")


def read_names(path: Path, where: str) -> dict[str, str]:
    """Label -> name, in the file's order.

    Lines `<label>,<name>`, with or without a head (`id,name` as the authors', `label,name`), or `<number> <name>` (as
    UCF-101's classInd.txt), or names alone, which count from 0. `where` says which key names the file. UserError for
    another file, and where a name is missing.
    """
    if not path.is_file():
        raise UserError(f"{where}: {path} is not there: name the list of class names, with lines <label>,<name>")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {cures.convert('CP1252', path)} converts it") from error
    lines = [(number, line) for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1) if clean(line)]
    if lines and HEAD.fullmatch(clean(lines[0][1]).replace('"', "")):
        del lines[0]
    names: dict[str, str] = {}
    for number, label, name in _pairs(lines):
        if not name:
            raise UserError(f"{path}, line {number}: the name of {label} is empty: write it in words, as CLIP reads it")
        if label in names:
            raise UserError(f"{path}, line {number}: {label} has a name already: {cures.delete_lines([number], path)}")
        names[label] = name
    check_spellings(path, [(number, name) for number, _, name in _pairs(lines)])
    if not names:
        raise UserError(f"{path} has no names: write a line <label>,<name> for each class")
    return names


def name_of(label: str, names: dict[str, str], line: str, path: Path) -> str:
    """The name of a label; `line` says where the label stands. 03 is 3."""
    key = _key(label)
    if key not in names:
        given = ", ".join(list(names)[:5]) + (", ..." if len(names) > 5 else "")
        raise UserError(
            f"{line}: label '{label}' has no name in {path} (which names {given}): write {key},<name> there"
        )
    return names[key]


def _pairs(lines: Sequence[tuple[int, str]]) -> list[tuple[int, str, str]]:
    """(line, label, name), by the first of the three forms that all lines have."""
    for form in (NUMBERED, LABELLED):
        found = [(number, form.fullmatch(clean(line))) for number, line in lines]
        if all(match for _, match in found):
            return [(number, _key(match[1]), _plain(match[2])) for number, match in found if match]
    return [(number, str(place), _plain(line)) for place, (number, line) in enumerate(lines)]


def _key(label: str) -> str:
    text = _plain(label)
    return str(int(text)) if text.isdecimal() else text


def _plain(cell: str) -> str:
    text = clean(cell)
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text
