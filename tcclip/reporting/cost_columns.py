"""What a table's cost columns hold: what `tcclip bench` has counted and measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.params import Suite
from tcclip.params.column import Cost
from tcclip.plan.evaluation import Costs
from tcclip.process.files import read_json

IN_BENCH: dict[Cost, str] = {
    "params_m": "params_m",
    "trained_m": "trained_m",
    "gflops": "paper_gflops_per_view",
    "throughput_views_per_s": "views_per_s",
}


def cost_values(suite: Suite, frames: Mapping[str, int], bench: Path) -> Costs:
    """The costs of the methods in `frames`, which says for views of how many frames, as far as file `bench` holds them.

    Parameters in millions, gflops in 1e9 multiply-accumulates of such a view and one text, throughput in views/s.
    """
    rows = _rows(bench, suite, frames)
    return {method: {cost: row[name] for cost, name in IN_BENCH.items()} for method, row in rows.items()}


def _rows(bench: Path, suite: Suite, frames: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Method -> its row of an evaluation in the sizes of the suite's tables.

    Raises:
        UserError: a row lacks a cost.
    """
    asked = (suite.name, "eval", suite.bench.classes, suite.bench.batch)
    rows = read_json(bench)["rows"] if bench.is_file() else []
    keys = ("suite", "mode", "classes", "batch")
    alike = [row for row in rows if tuple(row[key] for key in keys) == asked]
    found = {row["subject"]: row for row in alike if row["frames"] == frames.get(row["subject"])}
    if not all(row.keys() >= set(IN_BENCH.values()) for row in found.values()):
        raise UserError(f"{bench} is of an earlier version and lacks {', '.join(IN_BENCH.values())}: rm {bench}")
    return found
