"""The page that leads from a table of reports/<suite>/index.html to its charts in MLflow.

It travels with the results, and where charts are only the reader's own store knows. So the index links to this page, by
the table's name behind a #, and this page asks the script that a load writes beside the store; without one it says how
to load the runs.
"""

from __future__ import annotations

import os
from pathlib import Path

from tcclip.plan import Plan, layout
from tcclip.process.files import write_text
from tcclip.reporting.html import templates

TEMPLATES = templates(Path(__file__).with_name("templates"))


def write_mlflow_page(plan: Plan) -> None:
    """Write reports/<suite>/mlflow.html."""
    suite = plan.suite.name
    page = layout.mlflow_page(suite)
    tables = [(name, table.title) for name, table in plan.tables.items() if table.ablation]
    charts = os.path.relpath(layout.mlflow_charts(suite), page.parent)
    write_text(page, TEMPLATES.get_template("mlflow.html").render(suite=suite, tables=tables, charts=charts))
