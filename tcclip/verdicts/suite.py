"""The verdicts of all measured cells of a suite that have a printed number, and their files."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tcclip.params.verdicts import NOT_COMPARABLE, Rule, Word, load_rule
from tcclip.plan import Plan, layout
from tcclip.plan.cells import Cell, Counted, Looks
from tcclip.process.files import write_text
from tcclip.reporting import pipes
from tcclip.reporting.cells import read_table
from tcclip.reporting.published_numbers import PublishedNumber, read_published
from tcclip.reporting.tables import results_of
from tcclip.reporting.verdicts import (
    ACCURACY,
    COLUMNS,
    COST,
    about,
    apart,
    by_table,
    comparable,
    counted,
    reasons,
)
from tcclip.verdicts.comparable import Reasons
from tcclip.verdicts.rule import of_accuracy, of_count


def write_verdicts(plan: Plan) -> str:
    """Judge a suite's tables and write verdicts.csv and verdicts.md; returns the line of the suite."""
    verdicts, rule = judged(plan), load_rule()
    csv, markdown = layout.verdicts(plan.suite.name)
    write_text(csv, verdicts.to_csv(index=False, lineterminator="\n"))
    write_text(markdown, as_markdown(plan, verdicts, rule))
    return f"{about(plan, verdicts)} {csv}"


def judged(plan: Plan) -> pd.DataFrame:
    """One line, of COLUMNS, for each measured cell with a printed number; none of a suite that cannot be compared."""
    lines: list[dict[str, Any]] = []
    for table in plan.tables if comparable(plan) else ():
        lines += _of_table(plan, table, load_rule())
    return pd.DataFrame(lines, columns=COLUMNS)


def as_markdown(plan: Plan, verdicts: pd.DataFrame, rule: Rule) -> str:
    """The line of the suite, a line for each table, and the cells that are not reproduced."""
    parts = [f"# Are the paper's numbers reproduced? Suite {plan.suite.name}", about(plan, verdicts)]
    if len(verdicts):
        parts.append(words_of(rule))
        parts += [f"* {table}: {counted(cells)}" for table, cells in verdicts.groupby("table", sort=False)]
        for title, frame in (
            ("By table", by_table(verdicts)),
            ("Lower or higher", apart(verdicts)),
            ("Not comparable, by reason", reasons(verdicts)),
        ):
            parts += [f"## {title}", _table(frame)] if len(frame) else []
    return "\n\n".join(parts) + "\n"


def words_of(rule: Rule) -> str:
    """The rule as a sentence."""
    return (
        "A cell is reproduced where the printed number lies in the cell's interval, widened on both sides by "
        f"{rule.deviations:g} times the printed standard deviation and {rule.rounding:g} points for rounding; a "
        f"counted cost where it is within {rule.counted:g} %. Lower and higher are said of the measured number."
    )


def _of_table(plan: Plan, table: str, rule: Rule) -> list[dict[str, Any]]:
    printed, path = read_published(table), layout.table(plan.suite.name, table)
    if not printed or not path.is_file():
        return []
    # How a video is looked at follows from params and is measured by nothing, so that it proves nothing.
    judgeable = {cell.key: cell for cell in plan.cells[table] if not isinstance(cell.content, Looks)}
    reasons_against = Reasons(plan, table, results_of(plan, table), rule)
    found = []
    for line in read_table(path).itertuples(index=False):
        key = (line.group, line.row, line.column)
        number = printed.get(key)
        if line.source == "measured" and key in judgeable and number and number.value is not None:
            verdict, reason = _of_cell(judgeable[key], line, number, reasons_against, rule)
            kind = COST if isinstance(judgeable[key].content, Counted) else ACCURACY
            value = {"value": line.value, "low": line.low, "high": line.high, "verdict": verdict, "reason": reason}
            place = dict(zip(("table", "group", "row", "column"), (table, *key), strict=True))
            found.append({**place, **value, "published": number.value, "published_std": number.std, "kind": kind})
    return found


def _of_cell(cell: Cell, line: Any, printed: PublishedNumber, against: Reasons, rule: Rule) -> tuple[Word, str]:
    """The verdict of a cell whose `printed` number has a value, and the reason where it is not comparable."""
    assert printed.value is not None
    if reason := against.against(cell):
        return NOT_COMPARABLE, reason
    if isinstance(cell.content, Counted):
        return of_count(line.value, printed.value, rule), ""
    if pd.isna(line.low):
        return NOT_COMPARABLE, "no interval: its predictions are not there"
    return of_accuracy(line.low, line.high, printed.value, printed.std, rule), ""


def _table(frame: pd.DataFrame) -> str:
    rows = [[*map(str, frame.columns)], [":-"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "\n".join(map(pipes.row, rows))
