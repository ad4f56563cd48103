"""What a table's cost columns hold: parameters and arithmetic by counting, throughput as `tcclip bench` measured it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tcclip.files import read_json
from tcclip.params import Suite, load_method
from tcclip.plan import Cell
from tcclip.reporting.published import Key


def costs_of(cells: Iterable[Cell], suite: Suite, frames: int, bench: Path) -> dict[Key, float]:
    """The cells with a cost; a throughput that is not in file `bench` is left out.

    params_m in millions, gflops in 1e9 multiply-accumulates of a view of `frames` and one text, throughput in views/s.
    """
    speeds = throughputs(bench, suite.name, frames)
    found: dict[Key, float] = {}
    for cell in cells:
        if cell.cost is None or cell.method is None:
            continue
        value = speeds.get(cell.method) if cell.cost == "throughput_views_per_s" else counted(cell, suite, frames)
        if value is not None:
            found[cell.group, cell.row, cell.column] = value
    return found


def counted(cell: Cell, suite: Suite, frames: int) -> float:
    """Parameters or multiply-accumulates of a cell's method on the suite's backbone."""
    from tcclip.bench import costs  # imports torch, which other tables do without
    from tcclip.models import BackboneConfig

    assert cell.method is not None
    method, config = load_method(cell.method), BackboneConfig(**suite.backbone.architecture.model_dump())
    if cell.cost == "params_m":
        return costs.parameters(method, config, frames) / 1e6
    return costs.macs(method, config, frames) / 1e9


def throughputs(bench: Path, suite: str, frames: int) -> dict[str, float]:
    """Method -> views per second in evaluation, as file `bench` has it."""
    rows = read_json(bench)["rows"] if bench.is_file() else []
    return {
        row["subject"]: row["views_per_s"]
        for row in rows
        if (row["suite"], row["mode"], row["frames"]) == (suite, "eval", frames)
    }
