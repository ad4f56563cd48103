"""The lines of a list of one's own: a table with a head, however it was saved, or the authors' `<path> <number>`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tcclip.data.splits import cures
from tcclip.data.splits.list_head import EXPECTED, NEEDED, OPTIONAL, check_head, delimiter_of, names_of, other_head
from tcclip.data.splits.records import Record, clean, read_records, read_text
from tcclip.errors import UserError
from tcclip.params.dataset import Own

Cells = dict[str, str]


class ListedVideo(NamedTuple):
    """A video of the list."""

    number: int  # of the line, the first where a cell holds a line break
    lines: int  # how many it goes over
    cells: Cells


def read_lines(dataset: Own) -> list[ListedVideo]:
    """Every line that is not empty, its cells by their columns and without blanks around them.

    Columns may be separated by commas, tabs, semicolons or |, their names in any case; a column of row numbers and
    columns whose names begin with _ are passed over. UserError, with the command that repairs it, for another table.
    """
    path = dataset.list_path
    text = _text(dataset, path)
    numbered = [(number, line) for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1) if clean(line)]
    if numbered and re.fullmatch('"?sep=.?"?', clean(numbered[0][1])):  # Excel's word for the delimiter
        del numbered[0]
    while numbered and re.fullmatch(r"#\s[^,;|\t]*", clean(numbered[0][1])):  # a remark before the head
        del numbered[0]
    if not numbered:
        raise UserError(f"{path} lists no videos: write {EXPECTED} into its first line, and a line for each video")
    has_head = re.fullmatch(r"path\s+label", clean(numbered[0][1]), re.IGNORECASE)
    plain = numbered[1:] if has_head else numbered
    if authors := _as_authors([line for _, line in plain]):
        return [ListedVideo(number, 1, cells) for (number, _), cells in zip(plain, authors, strict=True)]
    return _table(path, text, *numbered[0], numbered[1][1] if len(numbered) > 1 else "")


def _text(dataset: Own, path: Path) -> str:
    if not path.is_file():
        raise UserError(
            f"params/datasets/{dataset.name}.yaml: csv: {dataset.csv} is not there: "
            "name the CSV with the columns path and label"
        )
    return read_text(path)


def _as_authors(lines: Sequence[str]) -> list[Cells]:
    """Of lines `<path> <number>`, as the authors and others write their lists; nothing if one is another line.

    With folders of pictures the number of pictures may stand before the class's.
    """
    for form in (r"([^,;|\t]*[^,;|\s])[ \t]+\d+[ \t]+(\d+)", r"([^,;|\t]*[^,;|\s])[ \t]+(\d+)"):
        found = [re.fullmatch(form, clean(line)) for line in lines]
        if all(found):
            return [{"path": match[1], "label": match[2]} for match in found if match]
    return []


def _table(path: Path, text: str, number: int, line: str, second: str) -> list[ListedVideo]:
    delimiter = delimiter_of(line)
    head = names_of(line, delimiter)
    if not {*NEEDED, *OPTIONAL} & set(head):
        raise other_head(path, number, line, second)
    rows = [record for record in read_records(path, text, delimiter) if record.line > number]
    if rows and len(head) > 1 and all(len(row.cells) == len(head) + 1 and row.cells[0].isdigit() for row in rows):
        head = ["", *head]  # R and others give numbers to the rows and no name to their column
    check_head(path, number, line, head, rows)
    if not rows:
        raise UserError(f"{path} lists no videos: write a line {','.join(head)} for each")
    rows = [_without_empty_ends(row, len(head)) for row in rows]
    _check_lengths(path, head, rows, delimiter)
    wanted = [(place, name) for place, name in enumerate(head) if name in (*NEEDED, *OPTIONAL)]
    return [ListedVideo(row.line, row.lines, {name: row.cells[place] for place, name in wanted}) for row in rows]


def _without_empty_ends(row: Record, columns: int) -> Record:
    """A row without what delimiters at its end make of it."""
    cells = list(row.cells)
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    return row._replace(cells=cells)


def _check_lengths(path: Path, head: Sequence[str], rows: Sequence[Record], delimiter: str) -> None:
    """UserError where a row has more or fewer cells than the head."""
    wrong = next((row for row in rows if len(row.cells) != len(head)), None)
    if wrong is None:
        return
    where = f"{path}, line {wrong.line}: {len(wrong.cells)} cells, and the first line has {len(head)}"
    if len(wrong.cells) < len(head):
        raise UserError(f"{where}: write {','.join(head)} there too")
    if any(row.lines > 1 for row in rows):  # a command looks at lines, and one of these is no row
        raise UserError(f"{where}: put text with commas into quotes")
    place = head.index("label")
    command = cures.quote_label(place, len(head) - place - 1, delimiter, path)
    raise UserError(f"{where}: put text with commas into quotes: {command}")
