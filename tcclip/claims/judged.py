"""All claims judged by what is measured: a line for each claim, and one for each of its comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tcclip.claims.contrasts import Contrast, contrasts
from tcclip.claims.judging import Judgement, judge
from tcclip.claims.measured import MeasuredCells
from tcclip.claims.printed import as_printed
from tcclip.claims.rows import Key, Layout
from tcclip.params.claims import BETWEEN, Claim
from tcclip.params.statistics import Statistics

DECIMALS = 4  # of the CSVs
COMPARISON = [
    "table", "row", "over", "than_row", "than_over", "columns", "unit", "above", "below", "verdict", "value",
    "low", "high", "joint_low", "joint_high", "n_videos", "n_seeds", "published", "not_measured",
]  # fmt: skip
DECISIVE = [name for name in COMPARISON if name not in ("verdict", "joint_low", "joint_high", "not_measured")]


@dataclass(frozen=True)
class ClaimFrames:
    """The claims, and their comparisons."""

    claims: pd.DataFrame
    comparisons: pd.DataFrame


def judged(
    claims: Sequence[Claim],
    layouts: Mapping[str, Layout],
    measured: MeasuredCells,
    settings: Statistics,
    printed: Mapping[Key, float] | None = None,
) -> ClaimFrames:
    """Judge all claims; `printed` has the paper's numbers, for suites that are about the same data."""
    lines, parts = [], []
    for claim in claims:
        found = contrasts(claim, layouts)
        ready = [contrast for contrast in found if not _absent(contrast, measured)]
        judgement = judge_claim(ready, layouts, measured, settings, complete=len(ready) == len(found))
        places = {contrast: place for place, contrast in enumerate(ready)}
        every = [_line(contrast, measured, printed or {}, judgement, places.get(contrast)) for contrast in found]
        parts += [{"claim": claim.name, **line} for line in every]
        lines.append(_claim_line(claim, judgement, every))
    comparisons = pd.DataFrame(parts, columns=["claim", *COMPARISON])
    whole = {"n_videos": "Int64", "n_seeds": "Int64"}
    return ClaimFrames(pd.DataFrame(lines).astype(whole), comparisons.astype(whole))


def judge_claim(
    found: Sequence[Contrast],
    layouts: Mapping[str, Layout],
    measured: MeasuredCells,
    settings: Statistics,
    complete: bool,
) -> Judgement:
    """What is said of a claim whose contrasts are measured, all of them if it is complete."""
    values = np.array([contrast.value(measured.values.__getitem__) for contrast in found], dtype=float)
    replicates = [contrast.value(measured.replicates.__getitem__) for contrast in found]
    regions = np.array([contrast.region for contrast in found]).reshape(-1, 2)
    counted = [set(contrast.columns) <= layouts[contrast.table].counted for contrast in found]
    return judge(values, np.array(replicates), regions, settings, counted, complete)


def _absent(contrast: Contrast, measured: MeasuredCells) -> list[Key]:
    return [cell for cell in contrast.cells if cell not in measured.values]


def _line(
    contrast: Contrast, measured: MeasuredCells, printed: Mapping[Key, float], judgement: Judgement, place: int | None
) -> dict[str, object]:
    """One comparison; `place` is its own among the measured ones."""
    than = [BETWEEN.join(filter(None, row)) for row in contrast.than or ()] or ["", ""]
    low, high = contrast.region
    line: dict[str, object] = {
        "table": contrast.table,
        "row": BETWEEN.join(filter(None, contrast.row)),
        "over": BETWEEN.join(filter(None, contrast.over)),
        "than_row": than[0],
        "than_over": than[1],
        "columns": ", ".join(contrast.columns),
        "unit": "times" if contrast.ratio else "points",
        "above": low if np.isfinite(low) else None,
        "below": high if np.isfinite(high) else None,
        "verdict": "not measured" if place is None else judgement.each[place],
        "published": as_printed(contrast, printed),
        "not_measured": "; ".join(BETWEEN.join(filter(None, cell)) for cell in _absent(contrast, measured)),
    }
    if place is None:
        return line
    cells = contrast.cells
    numbers = [contrast.value(measured.values.__getitem__), *judgement.own[place], *judgement.joint[place]]
    line |= dict(zip(("value", "low", "high", "joint_low", "joint_high"), np.round(numbers, DECIMALS), strict=True))
    tested = [measured.videos[cell] for cell in cells[: len(contrast.columns)] if cell in measured.videos]
    line["n_videos"] = sum(tested) or None
    line["n_seeds"] = min((measured.seeds[cell] for cell in cells if cell in measured.seeds), default=None)
    return line


def _claim_line(claim: Claim, judgement: Judgement, every: Sequence[dict[str, object]]) -> dict[str, object]:
    """A claim with the comparison that decides: of a claim that holds the weakest, of another the most against it.

    `low` and `high` are of its own interval where the claim holds, and else of the wider one that could refute it.
    """
    ready = [line for line in every if line["verdict"] != "not measured"]
    decisive = ready[judgement.decisive] if judgement.decisive is not None else {}
    if decisive and judgement.word != "holds":
        decisive = {**decisive, "low": decisive["joint_low"], "high": decisive["joint_high"]}
    absent = dict.fromkeys(cell for line in every for cell in str(line["not_measured"]).split("; ") if cell)
    return {
        "claim": claim.name,
        "says": claim.says,
        "place": claim.place,
        "verdict": judgement.word,
        "comparisons": len(every),
        "measured": len(ready),
        **{key: decisive.get(key) for key in DECISIVE},
        "holds_as_printed": claim.holds_as_printed,
        "reason": claim.reason,
        "not_measured": "; ".join(absent),
    }
