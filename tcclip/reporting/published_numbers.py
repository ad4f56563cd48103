"""The paper's printed numbers (params/published.csv) and the check that a table carries the same names."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params.dataset import Generated
from tcclip.params.reader import names, params_folder
from tcclip.plan import Plan

Key = tuple[str, str, str]  # group, row, column
COLUMNS = ["table", "group", "row", "column", "value", "std", "note"]


@dataclass(frozen=True)
class PublishedNumber:
    """One printed number, in percent; `value` is None where the paper prints nothing."""

    value: float | None
    std: float | None
    note: str


def published_file() -> Path:
    """Where the printed numbers are kept."""
    return params_folder() / "published.csv"


def read_published(table: str, path: Path | None = None) -> dict[Key, PublishedNumber]:
    """The printed cells of one table in printed order; empty for a table that the paper does not have."""
    path = path or published_file()
    return {
        (line["group"], line["row"], line["column"]): PublishedNumber(
            _number(line["value"], path), _number(line["std"], path), line["note"]
        )
        for line in _lines(path)
        if line["table"] == table
    }


def printed_tables() -> list[str]:
    """The tables that the paper prints."""
    return list(dict.fromkeys(line["table"] for line in _lines(published_file())))


def _lines(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise UserError(
                f"{path}: the columns must be {','.join(COLUMNS)} (got {','.join(reader.fieldnames or [])})"
            )
        lines = list(reader)
    _refuse_misspelt({line["table"] for line in lines}, path)
    return lines


def _refuse_misspelt(printed: set[str], path: Path) -> None:
    """A table that one has removed is no mistake; nearly the name of a table without printed numbers is one."""
    tables = names("tables")
    bare = [name for name in tables if name not in printed]
    for table in sorted(printed - {*tables}):
        if close := difflib.get_close_matches(table, bare, n=1, cutoff=0.8):
            raise UserError(
                f"{path}: table '{table}' is not in params/tables/, and '{close[0]}', which is, has no line: write "
                f"'{close[0]}', or remove the lines"
            )


def only_generated(plan: Plan) -> bool:
    """Whether all videos that are tested for tables of the paper are generated; those of other tables do not count."""
    cells = [cell for table in printed_tables() for cell in plan.cells.get(table, ())]
    roles = {evaluation.role for cell in cells for evaluation in cell.evaluations}
    return bool(roles) and all(isinstance(plan.dataset(role), Generated) for role in roles)


def check_names(table: str, cells: Iterable[Key], printed: Mapping[Key, PublishedNumber], where: Path | str) -> None:
    """Refuse a table whose rows or columns are misspelt against the printed one.

    A row that the paper does not print is fine as long as every printed row is there: it is the user's own. The same
    holds for columns.

    Raises:
        UserError: a row or column has no printed counterpart while a printed one has no counterpart in the table.
    """
    if not printed:
        return
    table_keys: list[tuple[str, ...]] = list(cells)
    printed_keys: list[tuple[str, ...]] = list(printed)
    for kind, parts in (("row", slice(0, 2)), ("column", slice(2, 3))):
        ours = list(dict.fromkeys(key[parts] for key in table_keys))
        theirs = list(dict.fromkeys(key[parts] for key in printed_keys))
        own, absent = [n for n in ours if n not in theirs], [n for n in theirs if n not in ours]
        if own and absent:
            close = difflib.get_close_matches(_label(own[0]), [_label(name) for name in absent], n=1, cutoff=0)
            raise UserError(
                f"{where}: {kind} '{_label(own[0])}' is not in params/published.csv for {table}, which has "
                f"'{close[0]}': write it as printed, or keep the printed {kind} beside your own"
            )


def _label(parts: tuple[str, ...]) -> str:
    return " / ".join(part for part in parts if part)


def _number(text: str, path: Path) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise UserError(f"{path}: '{text}' is not a number") from error
