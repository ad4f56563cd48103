"""The rows and columns that claims may name: those of the tables in params/tables/, and those that the paper prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tcclip.errors import UserError, unknown
from tcclip.params import Table, load_table
from tcclip.params.claims import BETWEEN
from tcclip.params.column import TIMED, CostColumn
from tcclip.params.reader import names, params_folder
from tcclip.reporting.published_numbers import printed_tables, read_published

Place = tuple[str, str]  # heading and name of a row
Key = tuple[str, str, str, str]  # of a cell: table, heading, row, column


@dataclass(frozen=True)
class Layout:
    """What a table has."""

    table: str
    rows: tuple[Place, ...]  # in their order
    columns: tuple[str, ...]
    counted: frozenset[str] = frozenset()  # columns of costs that are counted, and so are exact
    timed: frozenset[str] = frozenset()  # columns of costs that are timed, of which no spread is known
    printed: frozenset[Place] = frozenset()  # rows of the paper; none where it has no such table
    empty: frozenset[tuple[str, str, str]] = frozenset()  # heading, row, column of cells that are empty on purpose

    @staticmethod
    def named(table: str, claim: str, layouts: Mapping[str, Layout]) -> Layout:
        """One of several; UserError for an unknown one."""
        if table not in layouts:
            raise unknown(f"table in {_where(claim)}", table, layouts)
        return layouts[table]

    def row(self, name: str, group: str | None, claim: str) -> Place:
        """The row that a claim calls HEADING / ROW, or ROW where it is the only one (under `group`).

        Raises:
            UserError: there is no such row, or several.
        """
        written = {BETWEEN.join(filter(None, place)): place for place in self.rows}
        if name in written:
            return written[name]
        under = [place for place in self.rows if place[1] == name and group in (None, place[0])]
        if len(under) == 1:
            return under[0]
        if under:
            several = " or ".join(f"'{BETWEEN.join(place)}'" for place in under)
            raise UserError(f"{_where(claim)}: {self.table} has several rows '{name}': write {several}, or a group")
        raise unknown(f"row of {self.table} in {_where(claim)}", name, written)

    def rest(self, than: Iterable[Place]) -> list[Place]:
        """All other rows under the same headings; of a paper's table those that are printed, and none of one's own."""
        given = list(than)
        groups = {group for group, _ in given}
        known = [place for place in self.rows if not self.printed or place in self.printed]
        return [place for place in known if place[0] in groups and place not in given]

    def column(self, name: str, claim: str) -> str:
        """The column of that name; UserError where there is none."""
        if name not in self.columns:
            raise unknown(f"column of {self.table} in {_where(claim)}", name, self.columns)
        return name


def layouts() -> dict[str, Layout]:
    """Those of all tables in params/tables/ and of the paper; what a suite lacks of these is not measured."""
    ours = names("tables")
    return {name: _layout(name, load_table(name) if name in ours else None) for name in {*ours, *printed_tables()}}


def _layout(name: str, table: Table | None) -> Layout:
    printed = read_published(name)
    of_rows, of_columns = (table.rows, table.columns) if table else ((), ())
    rows = [(row.group, row.row) for row in of_rows] + [(group, row) for group, row, _ in printed]
    columns = [column.name for column in of_columns] + [column for _, _, column in printed]
    skipped = frozenset((row.group, row.row, column) for row in of_rows for column in row.skip)
    costs = {column.name: column.cost for column in of_columns if isinstance(column, CostColumn)}
    timed = frozenset(column for column, cost in costs.items() if cost in TIMED)
    return Layout(
        name,
        tuple(dict.fromkeys(rows)),
        tuple(dict.fromkeys(columns)),
        counted=frozenset(costs) - timed,
        timed=timed,
        printed=frozenset((group, row) for group, row, _ in printed),
        empty=skipped,
    )


def _where(claim: str) -> str:
    return f"{params_folder() / 'claims.yaml'}: claim {claim}"
