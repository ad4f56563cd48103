"""What a click on a measured cell of the page shows: the cell's chain, of texts that are in the page once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from tcclip.plan import Plan
from tcclip.plan.cells import Measured
from tcclip.reporting import run_origin
from tcclip.reporting.cell_chain import Fact, evaluation_facts, made_again, run_facts, title_of, value_of
from tcclip.reporting.cells import by_place

DataBehind = Callable[[str], Iterable[Path]]  # the files that a run was trained and evaluated with


@dataclass(frozen=True)
class Explained:
    """The chains of all measured cells: `data` is what the page's script reads, `numbers` a cell's place in it."""

    data: Mapping[str, Any]
    numbers: Mapping[tuple[str, str, str, str], int]  # table, group, row, column -> index in data["cells"]


@dataclass
class _Shared:
    """Texts, evaluations and runs, each once; a fact is `title<tab>text`, and stands for its number."""

    plan: Plan
    data_behind: DataBehind
    texts: dict[str, int] = field(default_factory=dict)
    evaluations: dict[tuple[str, str, str], int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    evaluation_blocks: list[list[int]] = field(default_factory=list)
    run_blocks: list[list[int]] = field(default_factory=list)

    def block(self, facts: Iterable[Fact]) -> list[int]:
        """The numbers of facts."""
        return [self.texts.setdefault(f"{title}\t{text}", len(self.texts)) for title, text in facts]

    def evaluated(self, part: Measured) -> list[int]:
        """The numbers of a column's evaluations."""
        found = []
        for evaluation in part.evaluations:
            key = (evaluation.run, evaluation.name, part.metric)
            if key not in self.evaluations:
                self.evaluations[key] = len(self.evaluation_blocks)
                self.evaluation_blocks.append(self.block(evaluation_facts(self.plan, evaluation, part.metric)))
            found.append(self.evaluations[key])
        return found

    def run(self, name: str) -> int:
        """The number of a run."""
        if name not in self.runs:
            self.runs[name] = len(self.run_blocks)
            data = run_origin.hashes(self.data_behind(name))
            self.run_blocks.append(self.block(run_facts(self.plan, name, data)))
        return self.runs[name]


def explained(
    plan: Plan,
    frames: Mapping[str, pd.DataFrame],
    data_behind: DataBehind,
    verdicts: Mapping[tuple[str, str, str, str], str] = MappingProxyType({}),
) -> Explained:
    """The chains of the measured cells of the tables in `frames`.

    Args:
        data_behind: the files that a run was trained and evaluated with.
        verdicts: what is said of a cell (table, group, row, column) beside the paper's number.
    """
    shared = _Shared(plan, data_behind)
    cells: list[dict[str, Any]] = []
    numbers: dict[tuple[str, str, str, str], int] = {}
    for table, frame in frames.items():
        lines = by_place(frame)
        alike = Counter((cell.row, cell.column) for cell in plan.cells[table] if plan.runs_behind(cell))
        for cell in plan.cells[table]:
            line = lines.get(cell.key)
            if line is None or line.source != "measured" or not plan.runs_behind(cell):
                continue
            numbers[table, *cell.key] = len(cells)
            cells.append(
                {
                    "title": title_of(plan, cell),
                    "value": shared.block([value_of(plan, cell, line), *_verdict(verdicts.get((table, *cell.key)))]),
                    "evaluations": [[name, shared.evaluated(part)] for name, part in plan.parts(cell).items()],
                    "runs": [shared.run(run) for run in plan.runs_behind(cell)],
                    "again": made_again(plan, cell, grouped=alike[cell.row, cell.column] > 1),
                }
            )
    data = {
        "texts": list(shared.texts),
        "evaluations": shared.evaluation_blocks,
        "runs": list(zip(shared.runs, shared.run_blocks, strict=True)),
        "cells": cells,
    }
    return Explained(data, numbers)


def _verdict(said: str | None) -> list[Fact]:
    return [("verdict", said)] if said else []
