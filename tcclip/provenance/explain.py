"""The chain of a table's cell as text: what its page says (reporting/cell_chain.py), beside how things are today."""

from __future__ import annotations

from collections.abc import Iterator

from tcclip.plan import Cell, Plan, layout
from tcclip.plan.evaluation import Found
from tcclip.provenance.cell import find_cell, other_groups, runs_behind
from tcclip.provenance.run_today import changed_since, fingerprints_now, mlflow_link
from tcclip.reporting import run_origin
from tcclip.reporting.cell_chain import Fact, Today, evaluation_facts, made_again, run_facts, title_of, value_of
from tcclip.reporting.cells import by_place, read_table
from tcclip.reporting.tables import results_of
from tcclip.stages import evaluate

WIDTH = 13  # characters of a line's title


def explain(plan: Plan, table: str, row: str, column: str, group: str | None = None) -> str:
    """The chain of a cell, one fact per line.

    Raises:
        UserError: no such cell, or it is not made of runs.
    """
    cell = find_cell(plan, table, row, column, group)
    runs = runs_behind(plan, cell)
    others = other_groups(plan, cell)
    lines = [title_of(plan, cell), _line(_value(plan, cell)), *map(_line, _seeds(plan, cell))]
    lines += [_line(("other groups", ", ".join(f"--group '{name}'" for name in others)))] if others else []
    lines += ["", "Evaluations", *_evaluations(plan, cell)]
    for run in runs:
        data = run_origin.hashes(evaluate.data_behind(plan, run))
        lines += ["", f"Run {run}", *map(_line, run_facts(plan, run, data, _today(plan, run)))]
    lines += ["", f"Made again and compared: {made_again(plan, cell, bool(others))}"]
    return "\n".join(lines)


def _value(plan: Plan, cell: Cell) -> Fact:
    path = layout.table(plan.suite.name, cell.table)
    if not path.is_file():
        return "value", f"not there yet: snakemake {cell.table} --config suite={plan.suite.name}"
    return value_of(plan, cell, by_place(read_table(path)).get(cell.key))


def _seeds(plan: Plan, cell: Cell) -> Iterator[Fact]:
    """What each of several seeds gives, whose mean the value is."""
    number = cell.number(Found(results_of(plan, cell.table)), plan.row_of(cell))
    if number and len(number.by_seed) > 1:
        yield "seeds", ", ".join(f"{seed}: {value:.2f}" for seed, value in number.by_seed.items())


def _evaluations(plan: Plan, cell: Cell) -> Iterator[str]:
    for column, part in plan.parts(cell).items():
        if column != cell.column:
            yield f"  {column}"
        for evaluation in part.evaluations:
            now = evaluate.depends_on(plan, evaluation.run).code
            first, *rest = evaluation_facts(plan, evaluation, part.metric, now)
            yield f"  {first[1]}"
            yield from (f"  {'':{WIDTH}}{f'{title} {text}'.strip()}" for title, text in rest)


def _today(plan: Plan, run: str) -> Today:
    params = run_origin.params_of(layout.run(plan.suite.name, run))
    link = mlflow_link(plan.suite.name, run)
    if not params:
        return Today(link)
    return Today(link, changed_since(plan, run, params), fingerprints_now(plan, run))


def _line(fact: Fact) -> str:
    title, text = fact
    return f"  {title:{WIDTH}}{text}"
