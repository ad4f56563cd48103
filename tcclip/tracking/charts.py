"""MLflow's charts of an ablation: parallel coordinates from what was varied to the columns, and bars for each column.

A view of MLflow 3.17 holds its charts as `compareRunCharts` and the sections they stand in as `compareRunSections`.
"""

from __future__ import annotations

from typing import Any

from tcclip.plan import Plan
from tcclip.tracking.ablated import settings

SHOWN = 50  # rows in a chart
BESIDE = "intervals"  # the numbers beside a table's columns (`row_entry`), in a section of their own, folded


def charts_of(plan: Plan, table: str) -> dict[str, Any]:
    """What a view of a table's rows says of its charts."""
    columns = [column.name for column in plan.tables[table].columns]
    varied = list(next(iter(settings(plan, table).values()), {}))
    across = {"selectedParams": varied, "selectedMetrics": columns, "showAllRuns": True}
    about = f"{', '.join(varied)}: {', '.join(columns)}"
    shown = [_chart("PARALLEL", table, "across", displayName=about, **across)]
    shown += [_chart("BAR", table, name, metricKey=name, displayName=name) for name in columns]
    return {
        "compareRunCharts": shown,
        "compareRunSections": [_section(table, plan.tables[table].title), _section(BESIDE, BESIDE, display=False)],
        "isAccordionReordered": True,  # else MLflow sorts sections by their names
    }


def _chart(kind: str, section: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": f"{section}-{name}",
        "metricSectionId": section,
        "runsCountToCompare": SHOWN,
        "deleted": False,
        "isGenerated": False,
        **more,
    }


def _section(key: str, name: str, display: bool = True) -> dict[str, Any]:
    return {"uuid": key, "name": name, "display": display, "isReordered": True, "deleted": False, "isGenerated": False}
