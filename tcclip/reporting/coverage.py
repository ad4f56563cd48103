"""How many of the listed test videos an accuracy rests on: videos found of those listed, split by split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tcclip.plan.cells import Cell, Row, rows_of
from tcclip.plan.evaluation import Results
from tcclip.reporting.published_numbers import Key


@dataclass(frozen=True)
class Coverage:
    """The coverage of a table."""

    splits: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # role, split -> found, listed
    incomplete: frozenset[Key] = frozenset()  # cells with a split of which some videos are not found


def coverage_of(cells: Iterable[Cell], results: Results) -> Coverage:
    """The coverage of all evaluations behind `cells` that are there; where they differ, the worst one of a split."""
    cells = list(cells)
    splits: dict[tuple[str, str], tuple[int, int]] = {}
    for cell in cells:
        for evaluation in cell.evaluations:
            part = results.get(evaluation.run, {}).get(evaluation.name)
            if part is not None and "listed" in part:
                key, found = (evaluation.role, evaluation.split), (int(part["n_videos"]), int(part["listed"]))
                splits[key] = min(splits.get(key, found), found)
    rows = rows_of(cells)
    incomplete = {cell.key for cell in cells if _incomplete(cell, rows[cell.group, cell.row], results)}
    return Coverage(splits, frozenset(incomplete))


def sentence(coverage: Coverage, names: Mapping[str, str]) -> str:
    """The coverage as a note: "HMDB-51 test1 1,530 of 1,530"; empty when nothing is evaluated. `names`: of roles."""
    parts = [
        f"{names.get(role, role)} {split} {found:,} of {listed:,}"
        for (role, split), (found, listed) in sorted(coverage.splits.items())
    ]
    return f"Coverage, videos found of those listed: {'; '.join(parts)}." if parts else ""


def _incomplete(cell: Cell, row: Row, results: Results) -> bool:
    parts = [results.get(e.run, {}).get(e.name, {}) for part in cell.parts(row).values() for e in part.evaluations]
    return any(part.get("n_videos", 0) < part.get("listed", 0) for part in parts)
