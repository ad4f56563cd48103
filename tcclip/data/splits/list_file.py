"""The lines of a list of one's own: a table with a head, however it was saved, or the authors' `<path> <number>`."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Sequence
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.errors import UserError
from tcclip.params.dataset import Own

Cells = dict[str, str]
NEEDED, OPTIONAL = ("path", "label"), ("split", "group")
EXPECTED = "path,label and, if you like, split and group"
DELIMITERS = ",\t;|"
NOTHING = "\ufeff\u200b\u200c\u200d\u2060"  # marks and blanks without width, which copied cells have at their ends
INDEX = re.compile(r"|index|#|no\.?|unnamed: 0", re.IGNORECASE)  # what tables call the numbers of their rows
REMARK = "_"  # begins the name of a column that is for people
SHOWN = 80  # characters of a first line


def read_lines(dataset: Own) -> list[tuple[int, Cells]]:
    """(line number, cells by column) of every line that is not empty, without blanks around them.

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
        return [(number, cells) for (number, _), cells in zip(plain, authors, strict=True)]
    return _table(path, text, *numbered[0], numbered[1][1] if len(numbered) > 1 else "")


def clean(cell: str) -> str:
    """A cell without blanks of any kind around it."""
    return cell.strip().strip(NOTHING).strip()


def _text(dataset: Own, path: Path) -> str:
    if not path.is_file():
        raise UserError(
            f"params/datasets/{dataset.name}.yaml: csv: {dataset.csv} is not there: "
            "name the CSV with the columns path and label"
        )
    return utf8_text(path)


def utf8_text(path: Path) -> str:
    """What a person's file says; UserError, with what repairs it, where it is no text in UTF-8."""
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


def _as_authors(lines: Sequence[str]) -> list[Cells]:
    """Of lines `<path> <number>`, as the authors and others write their lists; nothing if one is another line.

    With folders of pictures the number of pictures may stand before the class's.
    """
    for form in (r"([^,;|\t]*[^,;|\s])[ \t]+\d+[ \t]+(\d+)", r"([^,;|\t]*[^,;|\s])[ \t]+(\d+)"):
        found = [re.fullmatch(form, clean(line)) for line in lines]
        if all(found):
            return [{"path": match[1], "label": match[2]} for match in found if match]
    return []


def _table(path: Path, text: str, number: int, line: str, second: str) -> list[tuple[int, Cells]]:
    delimiter = max(DELIMITERS, key=lambda char: len({*NEEDED, *OPTIONAL} & set(_head(line, char))))
    head = _head(line, delimiter)
    if not {*NEEDED, *OPTIONAL} & set(head):
        raise _other_head(path, number, line, second)
    rows = [(at, cells) for at, cells in _rows(path, text, delimiter) if at > number]
    if rows and len(head) > 1 and all(len(cells) == len(head) + 1 and cells[0].isdigit() for _, cells in rows):
        head = ["", *head]  # R and others give numbers to the rows and no name to their column
    _check_head(path, number, line, head, rows)
    if not rows:
        raise UserError(f"{path} lists no videos: write a line {','.join(head)} for each")
    wanted = [(place, name) for place, name in enumerate(head) if name in (*NEEDED, *OPTIONAL)]
    lines = []
    for at, cells in rows:
        while len(cells) > len(head) and not cells[-1]:  # delimiters at the end
            cells = cells[:-1]
        if len(cells) != len(head):
            place = head.index("label")
            longer = len(cells) > len(head)
            command = cures.quote_label(place, len(head) - place - 1, delimiter, path)
            raise UserError(
                f"{path}, line {at}: {len(cells)} cells, and the first line has {len(head)}: "
                + (f"put text with commas into quotes: {command}" if longer else f"write {','.join(head)} there too")
            )
        lines.append((at, {name: cells[place] for place, name in wanted}))
    return lines


def _head(line: str, delimiter: str) -> list[str]:
    return [
        clean(name).lower()
        for name in next(csv.reader([re.sub("^#\\s*", "", line.strip(NOTHING))], delimiter=delimiter), [])
    ]


def _rows(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of every row with something in it; a quoted name may hold a line break."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for row in reader:
            cells = [clean(cell) for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}: write {EXPECTED} as text") from error
    return rows


def _check_head(path: Path, number: int, line: str, head: list[str], rows: Sequence[tuple[int, list[str]]]) -> None:
    """Raise where the meaning of a column is not clear."""
    known = (*NEEDED, *OPTIONAL)
    first = f"its first line is {cures.shown(line[:SHOWN])}"
    absent = [name for name in NEEDED if name not in head]
    for place, name in enumerate(head):
        if name in known and head.index(name) != place:
            raise UserError(f"{path}: {first}, with two columns {name}: take one of them out")
        if name in known or name.startswith(REMARK):
            continue
        column = [cells[place] if place < len(cells) else "" for _, cells in rows]
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


def _other_head(path: Path, number: int, line: str, second: str) -> UserError:
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
    if names := _guessed(second.split(delimiter), _head(line, delimiter)):
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
