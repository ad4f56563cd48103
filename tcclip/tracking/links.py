"""Where MLflow's charts of a suite's tables are, for the page that leads to them (`reporting.mlflow_page`).

Kept beside the store and not with the results, because each clone has experiments of its own.
"""

from __future__ import annotations

import json

from tcclip.plan import Plan, layout
from tcclip.process.files import write_text
from tcclip.tracking.address import interface, is_server
from tcclip.tracking.saved_views import CHARTS, link


def write_links(plan: Plan, experiment: str, uri: str) -> None:
    """Write mlruns/<suite>.js for the experiment of a suite in the store at `uri`."""
    found = {
        name: f"{interface(uri)}/{link(experiment, name + CHARTS, charts=True)}"
        for name, table in plan.tables.items()
        if table.ablation
    }
    known = json.dumps({"local": not is_server(uri), "links": found}, indent=1)
    write_text(layout.mlflow_charts(plan.suite.name), f"window.mlflowCharts = {known};\n")
