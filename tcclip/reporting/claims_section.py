"""The page's first part: the paper's statements, which of them hold, and the comparisons behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tcclip.plan import Plan, layout
from tcclip.reporting.claims import about, counted, lines_of, read_claims
from tcclip.reporting.page import Section, a_part

MARKS = {
    "holds": "\N{CHECK MARK}",
    "does not hold": "\N{MULTIPLICATION X}",
    "undecided": "?",
    "not measured": "\N{EN DASH}",
}
WIDTH = 150.0  # pixels of an interval's picture


@dataclass(frozen=True)
class IntervalPicture:
    """An interval on a line on which zero is in the middle, in pixels, and the part of it that the paper claims."""

    low: float
    high: float
    value: float
    start: float
    end: float


def claims_sections(plan: Plan) -> list[Section]:
    """The part with the claims that stage `claims` has judged; none where it has not."""
    if not all(path.is_file() for path in layout.claims(plan.suite.name)):
        return []
    claims, comparisons = read_claims(plan.suite.name)
    furthest = float(claims.loc[claims["unit"] == "points", ["low", "high"]].abs().max(axis=None))
    reach = furthest if furthest > 0 else 1.0  # without any interval, or of differences that are all zero
    parts = {name: list(lines_of(part)) for name, part in comparisons.groupby("claim", sort=False)}
    rows = [
        (line, _picture(row, reach), parts.get(row.claim, []))
        for line, row in zip(lines_of(claims), claims.itertuples(index=False), strict=True)
    ]
    shown = {"rows": rows, "marks": MARKS, "width": WIDTH, "reach": f"{reach:.0f}"}
    body = a_part("claims", counted=counted(claims), about=about(plan), **shown)
    return [Section("claims", "What the paper says", body)]


def _picture(row: Any, reach: float) -> IntervalPicture | None:
    if row.unit != "points" or pd.isna(row.low):
        return None
    start, end = (
        (0.0 if pd.isna(row.above) else _at(row.above, reach)),
        (WIDTH if pd.isna(row.below) else _at(row.below, reach)),
    )
    return IntervalPicture(_at(row.low, reach), _at(row.high, reach), _at(row.value, reach), start, end)


def _at(points: float, reach: float) -> float:
    return round(WIDTH / 2 * (1 + points / reach), 1)
