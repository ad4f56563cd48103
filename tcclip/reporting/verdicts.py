"""The verdicts of a suite's cells as its files have them: read, counted, and as a section of the page."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from tcclip.params.verdicts import HIGHER, LOWER, NOT_COMPARABLE, REPRODUCED
from tcclip.plan import Plan, layout
from tcclip.reporting.page import Section, a_part, frame_table
from tcclip.reporting.published_numbers import only_generated

COLUMNS = [
    "table", "group", "row", "column", "value", "low", "high", "published", "published_std", "verdict", "reason",
    "kind",
]  # fmt: skip
ACCURACY, COST = "accuracy", "cost"  # kinds of cells
CellKey = tuple[str, str, str, str]  # table, group, row, column


def read_verdicts(plan: Plan) -> pd.DataFrame:
    """One line for each measured cell with a printed number; none where they are not there yet."""
    path = layout.verdicts(plan.suite.name)[0]
    text = ["table", "group", "row", "column", "verdict", "reason", "kind"]
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS)
    return _numbers(pd.read_csv(path, dtype=dict.fromkeys(text, "str"), keep_default_na=False))


def counted(verdicts: pd.DataFrame) -> str:
    """What all lines, or a table's, amount to; costs are counted apart, as they are no accuracies.

    For example "61 of 74 comparable cells reproduced, 9 lower, 4 higher; 30 not comparable; costs: 9 of 9 reproduced".
    """
    of = verdicts.loc[verdicts["kind"] == ACCURACY, "verdict"].value_counts()
    found = f"{of.get(REPRODUCED, 0)} of {of.sum() - of.get(NOT_COMPARABLE, 0)} comparable cells reproduced"
    apart = [f"{of[word]} {word}" for word in (LOWER, HIGHER) if word in of]
    rest = f"; {of[NOT_COMPARABLE]} not comparable" if NOT_COMPARABLE in of else ""
    costs = _costs(verdicts)
    return ", ".join([found, *apart]) + rest + (f"; costs: {costs} reproduced" if costs else "")


def by_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """A line for each table: how many accuracies have which verdict, how wide their intervals are, and costs."""
    lines = []
    for table, cells in verdicts.groupby("table", sort=False):
        accuracies = cells[cells["kind"] == ACCURACY]
        of, comparable = accuracies["verdict"].value_counts(), accuracies[accuracies["verdict"] != NOT_COMPARABLE]
        half = ((comparable["high"] - comparable["low"]) / 2).median()
        words = {word: int(of.get(word, 0)) for word in (REPRODUCED, LOWER, HIGHER, NOT_COMPARABLE)}
        rest = {"interval": "" if pd.isna(half) else f"± {half:.1f}", "costs reproduced": _costs(cells)}
        lines.append({"table": table, **words, **rest})
    return pd.DataFrame(
        lines, columns=["table", REPRODUCED, LOWER, HIGHER, NOT_COMPARABLE, "interval", "costs reproduced"]
    )


def apart(verdicts: pd.DataFrame) -> pd.DataFrame:
    """The cells that are lower or higher, as text."""
    found = verdicts[verdicts["verdict"].isin([LOWER, HIGHER])]
    return pd.DataFrame(
        {
            **{name: found[name] for name in ("table", "group", "row", "column")},
            "measured": [f"{value:.1f}" for value in found["value"]],
            "interval": [_interval(low, high) for low, high in zip(found["low"], found["high"], strict=True)],
            "paper": [_with_deviation(v, s) for v, s in zip(found["published"], found["published_std"], strict=True)],
            "verdict": found["verdict"],
        }
    )


def reasons(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Why cells are not comparable: reason, how many cells, in which tables."""
    found = verdicts[verdicts["verdict"] == NOT_COMPARABLE].groupby("reason", sort=False)
    lines = [{"reason": why, "cells": len(of), "tables": ", ".join(of["table"].unique())} for why, of in found]
    return pd.DataFrame(lines, columns=["reason", "cells", "tables"])


def of_cells(verdicts: pd.DataFrame) -> Mapping[CellKey, str]:
    """What a cell's chain says: "reproduced (paper 53.7 ± 0.7)", or why it is not comparable."""
    return {
        (line.table, line.group, line.row, line.column): f"{line.verdict} (paper "
        f"{_with_deviation(line.published, line.published_std)}{f'; {line.reason}' if line.reason else ''})"
        for line in verdicts.itertuples(index=False)
    }


def comparable(plan: Plan) -> bool:
    """Whether anything of a suite can be compared with the paper's numbers."""
    return not only_generated(plan)


def about(plan: Plan, verdicts: pd.DataFrame) -> str:
    """The line of the suite."""
    if not comparable(plan):
        return (
            "Nothing of this suite is comparable with the paper's numbers, which are about other videos: its data are "
            "generated."
        )
    return f"{counted(verdicts)}." if len(verdicts) else "No measured cell has a printed number."


def sections(plan: Plan) -> list[Section]:
    """The part of the page on whether the paper's numbers are reproduced; none where nothing is judged yet."""
    if not layout.verdicts(plan.suite.name)[0].is_file():
        return []
    verdicts = read_verdicts(plan)
    body = a_part("paragraph", text=about(plan, verdicts))
    if len(verdicts):
        body += frame_table(by_table(verdicts))
        for title, frame in (("lower or higher", apart(verdicts)), ("not comparable, by reason", reasons(verdicts))):
            body += a_part("folded", title=title, body=frame_table(frame)) if len(frame) else Markup()
    return [Section("verdicts", "Are the paper's numbers reproduced?", body)]


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = ["value", "low", "high", "published", "published_std"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def _costs(verdicts: pd.DataFrame) -> str:
    """ "12 of 14", of the comparable costs; empty where there are none."""
    found = verdicts.loc[(verdicts["kind"] == COST) & (verdicts["verdict"] != NOT_COMPARABLE), "verdict"]
    return f"{(found == REPRODUCED).sum()} of {len(found)}" if len(found) else ""


def _interval(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{low:.1f} to {high:.1f}"


def _with_deviation(value: float, std: float) -> str:
    return f"{value:.1f}" + ("" if pd.isna(std) else f" ± {std:.1f}")
