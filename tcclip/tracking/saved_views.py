"""Saved views of an experiment: MLflow's page opens with every table of the suite one click away.

MLflow keeps a saved view as a tag of the experiment; a link with its key opens it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tcclip.plan import Plan

if TYPE_CHECKING:
    from mlflow import MlflowClient

VIEW = "mlflow.sharedViewState."  # of MLflow's own
SORTED_BY = ("all", "all_avg", "all_hm", "all_top1")  # a table's column for the whole of it; else its last one


def write_views(connection: MlflowClient, experiment: str, plan: Plan) -> None:
    """Give an experiment a view per table and a description that links to them; unchanged ones are left alone."""
    tags = {f"{VIEW}{table}": envelope(plan, table) for table in plan.tables}
    tags["mlflow.note.content"] = note(plan, experiment)
    known = connection.get_experiment(experiment).tags
    for name, value in tags.items():
        if known.get(name) != value:
            connection.set_experiment_tag(experiment, name, value)


def link(experiment: str, table: str) -> str:
    """Where a table's view is, behind the server's address."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={table}"


def note(plan: Plan, experiment: str) -> str:
    """What the experiment's page says above its runs."""
    lines = [f"* [{table.title}]({link(experiment, name)})" for name, table in plan.tables.items()]
    about = f"Suite **{plan.suite.name}**: {plan.suite.description}. Every table, best row first:"
    return "\n".join([about, "", *lines])


def envelope(plan: Plan, table: str) -> str:
    """A saved view in the form of MLflow 3.17: name, times in ms (the same for ever), and the state as JSON text."""
    return json.dumps(
        {"name": plan.tables[table].title, "createdAt": 0, "updatedAt": 0, "state": json.dumps(state(plan, table))}
    )


def state(plan: Plan, table: str) -> dict[str, Any]:
    """Filter, order and columns of a table's rows."""
    columns = [column.name for column in plan.tables[table].columns]
    shown = [f"tags.`{name}`" for name in ("group", "method")] + [f"metrics.`{name}`" for name in columns]
    return {
        "searchFilter": f"tags.table = '{table}'",
        "orderByKey": f"metrics.`{sorted_by(columns)}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": shown,
        "runsHiddenMode": "SHOW_ALL",
    }


def sorted_by(columns: list[str]) -> str:
    """The column that a table is sorted by."""
    return next((name for name in SORTED_BY if name in columns), columns[-1])
