"""Which cell a person means, and the evaluations behind it."""

from __future__ import annotations

from collections.abc import Iterable

from tcclip.errors import UserError
from tcclip.plan import Cell, Plan


def find_cell(plan: Plan, table: str, row: str, column: str, group: str | None = None) -> Cell:
    """The cell of a table by the names of its row and column.

    Without `group`, of a row that several groups have, the first one that something is run for.

    Raises:
        UserError: there is no such table, row, column or group; it lists what there is.
    """
    if table not in plan.tables:
        raise UserError(f"suite {plan.suite.name} has no table '{table}': it has {', '.join(plan.tables)}")
    cells = plan.cells[table]
    rows = [cell for cell in cells if cell.row == row]
    if not rows:
        raise UserError(f"{table} has no row '{row}': it has {_quoted(cell.row for cell in cells)}")
    named = [cell for cell in rows if group in (None, cell.group)]
    if not named:
        raise UserError(f"{table} has no row '{row}' in group '{group}': it has {_quoted(cell.group for cell in rows)}")
    found = [cell for cell in named if cell.column == column]
    if not found:
        raise UserError(f"{table} has no column '{column}': it has {', '.join(_once(cell.column for cell in cells))}")
    return next((cell for cell in found if plan.runs_behind(cell)), found[0])


def other_groups(plan: Plan, cell: Cell) -> list[str]:
    """The other groups that have a cell's row and column, with runs behind it."""
    return [
        other.group
        for other in plan.cells[cell.table]
        if (other.row, other.column) == (cell.row, cell.column) and other is not cell and plan.runs_behind(other)
    ]


def runs_behind(plan: Plan, cell: Cell) -> list[str]:
    """The runs behind a cell; UserError where it is not made of runs."""
    if found := plan.runs_behind(cell):
        return found
    raise UserError(f"{cell.table}, row '{cell.row}', column '{cell.column}' {cell.without_runs(plan.suite.name)}")


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in _once(values))
