"""What each row of a suite's tables costs, so that a person decides which are trained and which are quoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tcclip.estimate.hours import Estimate, estimate_of, rates_of, total
from tcclip.plan import Cell, Plan, plan_of
from tcclip.plan.runs import with_initial


@dataclass(frozen=True)
class RowCost:
    """The runs behind a row that has a method."""

    table: str
    group: str
    row: str
    method: str
    quoted: bool  # the suite quotes it: this is what it would cost
    whole: Estimate  # all runs that it shows, and those that they start from
    alone: Estimate  # those that no row of another name shows: what `quoted_rows` would save


def row_costs(plan: Plan) -> list[RowCost]:
    """The rows that are run, or would be if the suite did not quote them, in the tables' order."""
    full = replace(plan_of(plan.suite.model_copy(update={"quoted_rows": []})), changes=plan.changes)
    rates = rates_of(full)
    rows: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in (cell for cells in full.cells.values() for cell in cells if cell.method):
        rows[cell.table, cell.group, cell.row].append(cell)
    needed = {key: _runs_behind(full, cells) for key, cells in rows.items()}
    names: dict[str, set[str]] = defaultdict(set)
    for (_, _, row), runs in needed.items():
        for run in runs:
            names[run].add(row)
    costs = {run: estimate_of(full, full.run(run), rates) for run in names}
    run_here = {(cell.table, *cell.key) for cells in plan.cells.values() for cell in cells if cell.content}
    return [
        RowCost(
            *key,
            method=cells[0].method or "",
            quoted=not any((cell.table, *cell.key) in run_here for cell in cells),
            whole=total(costs[run] for run in needed[key]),
            alone=total(costs[run] for run in needed[key] if names[run] == {key[2]}),
        )
        for key, cells in rows.items()
    ]


def _runs_behind(plan: Plan, cells: Sequence[Cell]) -> list[str]:
    """The runs that cells show, and those whose weights these start from."""
    shown = dict.fromkeys(evaluation.run for cell in cells for evaluation in cell.evaluations)
    return list(dict.fromkeys(name for run in shown for name, _ in with_initial(plan.run(run))))
