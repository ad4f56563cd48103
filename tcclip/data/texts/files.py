"""A file of texts as it is on the disk: its encoding, its lines, and the JSON object that counts a class list."""

from __future__ import annotations

import codecs
import json
import re
import shlex
from pathlib import Path
from typing import Any

from tcclip.data.splits import cures
from tcclip.data.texts.faults import Wanted
from tcclip.errors import UserError

WIDE = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}  # in this order
MARK = r"1s/^\xEF\xBB\xBF//"  # of sed: takes UTF-8's mark off
SHOWN = 3
BY_LABEL = '{r["label"]: c[r["name"]] for r in csv.DictReader(open(sys.argv[2], encoding="utf-8")) if r["name"] in c}'


def read_text(path: Path) -> str:
    """The text of a file in UTF-8 without a byte order mark; UserError for another one."""
    content = path.read_bytes()
    for mark, encoding in WIDE.items():
        if content.startswith(mark):
            raise UserError(f"{path} is {encoding} and must be UTF-8: {cures.convert(encoding, path)} converts it")
    if content.startswith(codecs.BOM_UTF8):
        cut = f"`sed -i {shlex.quote(MARK)} {shlex.quote(str(path))}`"
        raise UserError(f"{path} begins with a byte order mark: {cut} takes it off")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{path}, line {line} is not UTF-8: {cures.convert('CP1252', path)} converts it") from error


def read_lines(path: Path) -> list[tuple[int, str]]:
    """(number, text) of the lines that are not blank, without blanks at their ends."""
    lines = enumerate(re.split("\r\n|\r|\n", read_text(path)), start=1)
    return [(number, " ".join(line.split())) for number, line in lines if line.strip()]


def parsed(text: str, path: Path, first: int = 1) -> Any:
    """JSON, its objects as `Members`; UserError with the line, of which `first` is the text's first."""
    try:
        return json.loads(text, object_pairs_hook=Members)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        shown = f": {lines[error.lineno - 1].strip()[:80]}" if error.lineno <= len(lines) else ""
        where = f"line {error.lineno + first - 1}, column {error.colno}"
        raise UserError(f"{path}, {where}: no JSON ({error.msg}): put it right there{shown}") from error


def read_object(path: Path, wanted: Wanted) -> dict[str, Any]:
    """The JSON object of a file that counts the classes: keys "0", "1", ... in this order; UserError for another one.

    Classes may be missing; that is a fault of these classes.
    """
    if not path.is_file():
        asked = f"`tcclip texts ask {wanted.dataset} {wanted.kind}` writes prompts for them"
        cure = wanted.cure(path) if wanted.fetched else asked
        raise UserError(f"{path}, the {wanted.kind} of {wanted.dataset}, is not there: {cure}")
    text = read_text(path)
    content = parsed(text, path)
    if not isinstance(content, Members):
        if isinstance(content, list):
            numbered = _rewritten("{str(k): v for k, v in enumerate(c)}", path)
            raise UserError(f"{path} is a list and must be an object with the keys 0, 1, ...: {numbered} numbers it")
        raise UserError(f'{path} is no object: write {{"0": ..., "1": ...}} with a key for each class there')
    check_once(path, content, text)
    _check_keys(path, content.keys, wanted)
    return content.plain()


class Members(list[tuple[str, Any]]):
    """The members of a JSON object, with those that have one key."""

    @property
    def keys(self) -> list[str]:
        """All keys, in their order."""
        return [key for key, _ in self]

    def plain(self) -> dict[str, Any]:
        """As a mapping, and so are the objects in it."""
        return {key: value.plain() if isinstance(value, Members) else value for key, value in self}


def check_once(path: Path, content: Members, text: str) -> None:
    """UserError where an object in the `text` of a file has a key twice: JSON takes the last one without a word."""
    keys = content.keys
    if twice := [key for number, key in enumerate(keys) if key in keys[:number]]:
        lines = [n for n, line in enumerate(text.splitlines(), 1) if re.search(rf'"{re.escape(twice[0])}"\s*:', line)]
        where = f"lines {' and '.join(map(str, lines))}" if len(lines) > 1 else "one line"
        raise UserError(f'{path}: key "{twice[0]}" is there twice, on {where}: delete one of them')


def _check_keys(path: Path, keys: list[str], wanted: Wanted) -> None:
    """Keys are labels of the class list in their order."""
    count = len(wanted.names)
    known = [str(label) for label in range(count)]
    strange = [key for key in keys if key not in known]
    if strange and set(keys) <= set(wanted.names):
        numbered = f"{_rewritten(BY_LABEL, path, wanted.classes)} writes them"
        raise UserError(f"{path} has class names as keys and must have their labels, 0 to {count - 1}: {numbered}")
    if strange:
        named = ", ".join(f'"{key}"' for key in strange[:SHOWN]) + (", ..." if len(strange) > SHOWN else "")
        raise UserError(
            f"{path}: key {named} is no label of {wanted.classes}, which has {count} classes, 0 to {count - 1}: "
            "delete it there, or name the file of this class list"
        )
    right = sorted(keys, key=int)
    if keys != right:
        first = next(key for key, of_place in zip(keys, right, strict=True) if key != of_place)
        ordered = _rewritten("dict(sorted(c.items(), key=lambda i: int(i[0])))", path)
        raise UserError(
            f'{path}: key "{first}" is in the wrong place, and texts are paired with classes by their order: '
            f"{ordered} sorts the keys, if the keys are right"
        )


def _rewritten(expression: str, path: Path, *more: Path) -> str:
    """A command that writes a JSON file anew; `c` is its content."""
    code = (
        'import csv, json, sys, pathlib; p = pathlib.Path(sys.argv[1]); c = json.loads(p.read_text("utf-8")); '
        f'p.write_text(json.dumps({expression}, indent=2, ensure_ascii=False), "utf-8")'
    )
    return f"`python -c {shlex.quote(code)} {shlex.join(str(file) for file in (path, *more))}`"
