"""A list's text and its records: their cells, where they stand, and a quote that is opened and not closed."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from tcclip.data.splits import cures
from tcclip.errors import UserError

NOTHING = "\ufeff\u200b\u200c\u200d\u2060"  # marks and blanks without width, which copied cells have at their ends


class Record(NamedTuple):
    """A row with something in it."""

    line: int  # its first
    lines: int  # how many it goes over: a quoted cell may hold a line break
    cells: list[str]


def clean(cell: str) -> str:
    """A cell without blanks of any kind around it."""
    return cell.strip().strip(NOTHING).strip()


def read_text(path: Path) -> str:
    """The text of a list; UserError, with the command that converts it, where it is no UTF-8."""
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UserError(f"{path} is UTF-16 and not UTF-8 text: {cures.convert('UTF-16', path)} converts it")
    if b"\0" in content:
        raise UserError(f"{path} is no text but a workbook or another program's file: save it there as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")  # spreadsheets put a mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path} is not UTF-8 text (byte {content[error.start]:#x} in line {line}): "
            f"{cures.convert('CP1252', path)} converts what spreadsheets of western languages save"
        ) from error


def read_records(path: Path, text: str, delimiter: str) -> list[Record]:
    """The records of `text`, which `path` holds; UserError for a quote that is not closed where it should be."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines = re.split("\r\n|\r|\n", text)
    records: list[Record] = []
    first = 1
    try:
        for row in reader:
            last = reader.line_num
            record = "\n".join(lines[first - 1 : last])
            is_last = last >= len(lines) - 1
            if (last > first and not _is_closed(record, delimiter)) or (is_last and _goes_on(record, delimiter)):
                raise _unclosed(path, first, last)
            if any(cells := [clean(cell) for cell in row]):
                records.append(Record(first, last - first + 1, cells))
            first = last + 1
    except csv.Error as error:
        if reader.line_num > first:  # a cell that never ends is too long at some time
            raise _unclosed(path, first, reader.line_num) from error
        raise UserError(f"{path}, line {reader.line_num}: {error}: write it as text") from error
    return records


def _is_closed(record: str, delimiter: str) -> bool:
    """Whether every quote of a record that goes over several lines ends with its cell."""
    try:
        return len(list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _goes_on(record: str, delimiter: str) -> bool:
    """Whether the last record would take in a line that came after it, as its quote is open."""
    return len(list(csv.reader([f"{record}\n", "x"], delimiter=delimiter))) == 1


def _unclosed(path: Path, first: int, last: int) -> UserError:
    goes_on = f"goes on to line {last}" if last > first else "has no end"
    return UserError(
        f'{path}, line {first}: a quote (") is opened in this line and not closed at the end of its cell, so that the '
        f"cell {goes_on}: close it in line {first}, or take it out; within quotes a quote is written twice"
    )
