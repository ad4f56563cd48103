"""The headings of a table's columns, in the paper's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tcclip.params.column import Column, HarmonicMeanColumn, MeanColumn, MeasuredColumn

AVERAGE = "Average"
METRICS = {"top1": "Top-1", "top5": "Top-5"}
GROUPS = {"base_test": "Base", "novel_test": "Novel"}  # of classes, by split


@dataclass(frozen=True)
class Heading:
    """A column's heading: `top` spans neighbours that share it, `sub` is the column's own and may be empty."""

    top: str
    sub: str


def headings(columns: Sequence[Column], names: Mapping[str, str]) -> list[Heading]:
    """Headings in the paper's words; the metric is named only where a table has more than one.

    Args:
        names: of the datasets, by role.
    """
    measured = {column.name: column for column in columns if isinstance(column, MeasuredColumn)}
    several = len({column.metric for column in measured.values()}) > 1
    found = []
    for column in columns:
        parts = [measured[name] for name in _parts(column) if name in measured]
        group = _only({GROUPS.get(split, "") for part in parts for split in part.splits})
        metric = _only({METRICS[part.metric] for part in parts}) if several else ""
        match column:
            case MeasuredColumn():
                top = names.get(column.dataset, column.dataset)
                shots = f"K={column.shots}" if isinstance(column.shots, int) else ""
                own = column.display or (column.name if column.protocol and not shots else "")
                bound = f"({column.bound.of}: {column.bound.percent:g})" if column.bound else ""
                sub = [own, shots, group, metric, bound]
            case MeanColumn():
                top, sub = AVERAGE, [column.display or "", group, metric]
            case HarmonicMeanColumn():
                dataset = _only({part.dataset for part in parts})
                top, sub = names.get(dataset, dataset) or AVERAGE, ["HM", metric]
            case _:
                top, sub = column.display or column.name, []
        found.append(Heading(top, " ".join(word for word in sub if word)))
    return found


def _parts(column: Column) -> list[str]:
    """The columns that a column is made of; a measured one is itself."""
    return [column.name] if isinstance(column, MeasuredColumn) else column.averaged


def _only(words: set[str]) -> str:
    """The one word that there is; empty for none and for several."""
    return next(iter(words)) if len(words) == 1 else ""


def spans(heads: Sequence[Heading]) -> list[tuple[str, int]]:
    """Neighbouring headings with the same top: (top, number of columns)."""
    found: list[tuple[str, int]] = []
    for head in heads:
        if found and found[-1][0] == head.top:
            found[-1] = (head.top, found[-1][1] + 1)
        else:
            found.append((head.top, 1))
    return found
