"""The paper's statements as people read them: in Markdown, on the page and on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import pandas as pd

from tcclip.params.claims import BETWEEN, Word
from tcclip.plan import Plan, layout
from tcclip.reporting.published_numbers import only_generated

COUNTS = ["n_videos", "n_seeds"]
TEXTS = [
    "claim", "says", "place", "verdict", "table", "row", "over", "than_row", "than_over", "columns", "unit", "reason",
    "not_measured",
]  # fmt: skip


@dataclass(frozen=True)
class ClaimLine:
    """One claim, or one comparison of it, in words."""

    says: str
    place: str
    verdict: str
    value: str
    interval: str
    videos: str
    seeds: str
    of: str  # what is compared with what, and where the paper says that it lies
    notes: tuple[str, ...]


def counted(claims: pd.DataFrame) -> str:
    """For example "12 of 48 claims hold, 3 do not, 14 are undecided"."""
    count = {word: int((claims["verdict"] == word).sum()) for word in get_args(Word)}
    words = {
        "holds": "hold",
        "does not hold": "do not",
        "undecided": "are undecided",
        "not measured": "are not measured",
    }
    said = [f"{count[word]} {words[word]}" for word in get_args(Word) if count[word] or word != "not measured"]
    return f"Of {len(claims)} claims " + ", ".join(said[:-1]) + f" and {said[-1]}"


def about(plan: Plan) -> str:
    """What the claims are judged by, in a sentence."""
    if only_generated(plan):
        return (
            "All of it is about generated videos, a small CLIP and short trainings, so that nothing of it confirms or "
            "refutes the paper."
        )
    return f"Judged by the cells of suite {plan.suite.name} that are measured here, and by none that is quoted."


def lines_of(frame: pd.DataFrame) -> Iterator[ClaimLine]:
    """The lines of claims.csv, or of claim_comparisons.csv."""
    for row in frame.itertuples(index=False):
        yield ClaimLine(
            says=getattr(row, "says", ""),
            place=getattr(row, "place", ""),
            verdict=row.verdict,
            value=_number(row.value, row.unit),
            interval=_interval(row),
            videos="" if pd.isna(row.n_videos) else f"{row.n_videos:,}",
            seeds="" if pd.isna(row.n_seeds) else str(row.n_seeds),
            of=_of(row),
            notes=tuple(_notes(row)),
        )


def read_claims(suite: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The claims and their comparisons, from the files that stage `claims` has written."""
    kinds = {**dict.fromkeys(COUNTS, "Int64"), **dict.fromkeys(TEXTS, "str")}
    claims, comparisons = (
        pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""])  # a row may be called None, or 64
        for path in layout.claims(suite)[:2]
    )
    return claims, comparisons


def _number(value: float, unit: str) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.2f} times" if unit == "times" else f"{value:+.1f}"


def _interval(row: Any) -> str:
    if pd.isna(row.low) or row.low == row.high == row.value:  # a cost is counted
        return ""
    return f"{_number(row.low, row.unit)} to {_number(row.high, row.unit)}"


def _of(row: Any) -> str:
    """What is compared with what, where the paper says that it lies, and its printed number for suites that show it."""
    if not isinstance(row.table, str):
        return ""
    than = f", less {_pair(row.than_row, row.than_over)}" if isinstance(row.than_row, str) and row.than_row else ""
    mean = "mean of " if ", " in row.columns else ""
    paper = "" if pd.isna(row.published) else f"; in the paper {_number(row.published, row.unit)}"
    return f"{_pair(row.row, row.over)}{than}: {mean}{row.columns} of {row.table}, {_wanted(row)}{paper}"


def _pair(row: str, over: str) -> str:
    """Two rows; a heading that both have is said once."""
    (group, between, name), (other, _, other_name) = row.rpartition(BETWEEN), over.rpartition(BETWEEN)
    return f"{name} over {other_name} ({group})" if between and group == other else f"{row} over {over}"


def _wanted(row: Any) -> str:
    if pd.isna(row.below):
        return f"above {row.above:g}"
    return f"below {row.below:g}" if pd.isna(row.above) else f"within {row.below:g}"


def _notes(row: Any) -> Iterator[str]:
    if 0 < getattr(row, "measured", 0) < getattr(row, "comparisons", 0):
        yield f"Measured: {row.measured} of {row.comparisons} comparisons."
    if isinstance(row.not_measured, str) and row.not_measured:
        yield f"Not measured: {row.not_measured}."
    if pd.notna(row.value) and pd.isna(row.low):
        yield "Timed, so that it would be another number another time: nothing is decided by it."
    if isinstance(getattr(row, "reason", None), str):
        yield f"The paper's own numbers do not bear it out: {row.reason}"
