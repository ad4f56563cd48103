"""The page that leads from a table of reports/<suite>/index.html to its charts in MLflow.

The page of tables is made before the runs are loaded, and where an experiment is only the store knows. So its links go
to this one, by the table's name behind a #, and this one goes on to MLflow at once; without scripts it is a list.
"""

from __future__ import annotations

from pathlib import Path

from tcclip.plan import Plan, layout
from tcclip.process.files import write_text
from tcclip.reporting.html import templates
from tcclip.tracking.address import is_server
from tcclip.tracking.saved_views import CHARTS, link

HERE = "http://127.0.0.1:5000"  # where `make ui` serves
TEMPLATES = templates(Path(__file__).with_name("templates"))


def write_links(plan: Plan, experiment: str, uri: str) -> None:
    """Write reports/<suite>/mlflow.html for the experiment of a suite in the store at `uri`."""
    base = uri.rstrip("/") if is_server(uri) else HERE
    lines = [
        (name, table.title, f"{base}/{link(experiment, name + CHARTS, charts=True)}")
        for name, table in plan.tables.items()
        if table.ablation
    ]
    text = TEMPLATES.get_template("links.html").render(suite=plan.suite.name, lines=lines, local=not is_server(uri))
    write_text(layout.mlflow_links(plan.suite.name), text)
