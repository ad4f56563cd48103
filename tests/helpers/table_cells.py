"""Cells of Table 2 and hand-written results of their runs."""

from __future__ import annotations

from hand_made import evaluation_part

from tcclip.params.protocol import Views
from tcclip.plan import Cell, Evaluation, load_plan
from tcclip.plan.cells import Average, Measured

VIEWS = Views(temporal=2, spatial=1, mode="paper")
TABLE2 = load_plan("mini").tables["table2"]
NAMES = load_plan("mini").displays
COLUMNS2 = [column for column in TABLE2.columns if column.name in ("hmdb51", "k600_top1", "k600_top5")]


def cell(row: str, column: str, splits: int = 3, metric: str = "top1", run: str = "run-a", mean_of: tuple = ()) -> Cell:
    role = column.split("_")[0]
    evaluations = tuple(Evaluation(run, role, f"test{i + 1}", VIEWS, False) for i in range(splits))
    content = Average(mean_of) if mean_of else Measured(metric, evaluations)
    return Cell("table2", "no weight ensemble", row, column, content)


def results(values: dict[str, float], run: str = "run-a", videos: int = 40) -> dict:
    return {run: {f"{split}-2x1": evaluation_part(value, videos=videos) for split, value in values.items()}}
