"""What an ablation varies: the settings in which the methods of a table's rows differ."""

from __future__ import annotations

from tcclip.params.reader import flat
from tcclip.plan import Plan

NOT_SETTINGS = ("name", "display", "description", "names", "protocols")  # of a method's file: words, and other budgets
LACKS = "none"  # shown for a method that has no such setting
MOST = 6  # settings; where methods differ in more, which kinds they are made of


def settings(plan: Plan, table: str) -> dict[tuple[str, str], dict[str, str]]:
    """(group, row) -> setting -> value, for every row of a table with a method.

    A setting is there when the rows that have it differ in it; `group` is one where there are several.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cell in plan.cells.get(table, ()):
        if cell.method and (cell.group, cell.row) not in found:
            values = flat(plan.method(cell.method).model_dump(mode="json"))
            found[cell.group, cell.row] = {
                name: str(value)
                for name, value in {"group": cell.group, **values}.items()
                if value not in (None, "") and name.split(".")[0] not in NOT_SETTINGS
            }
    shown = _varied([*found.values()])
    return {row: {name: values.get(name, LACKS) for name in shown} for row, values in found.items()}


def _varied(rows: list[dict[str, str]]) -> list[str]:
    """The settings that take several values, of many the kinds alone."""
    names = dict.fromkeys(name for row in rows for name in row)
    varied = [name for name in names if len({row[name] for row in rows if name in row}) > 1]
    return varied if len(varied) <= MOST else [name for name in varied if name.endswith(".kind") or name == "group"]
