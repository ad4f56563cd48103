"""Saved views of an experiment: MLflow's page opens with every table of the suite one click away.

MLflow keeps a saved view as a tag of the experiment; a link with its key opens it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tcclip.plan import Plan
from tcclip.tracking.charts import charts_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

VIEW = "mlflow.sharedViewState."  # of MLflow's own
SEEDS = "seeds"  # the view of all runs
CHARTS = "-charts"  # ends the key of a table's charts
SORTED_BY = ("all", "all_avg", "all_hm", "all_top1")  # a table's column for the whole of it; else its last one


def write_views(connection: MlflowClient, experiment: str, plan: Plan) -> None:
    """Give an experiment a view per table and a description that links to them; unchanged ones are left alone."""
    tags = {f"{VIEW}{name}": envelope(title, found) for name, (title, found) in views(plan).items()}
    tags["mlflow.note.content"] = note(plan, experiment)
    known = connection.get_experiment(experiment).tags
    for name, value in tags.items():
        if known.get(name) != value:
            connection.set_experiment_tag(experiment, name, value)


def views(plan: Plan) -> dict[str, tuple[str, dict[str, Any]]]:
    """Key of a view -> its title and state: for each table, for each ablation's charts, and for several seeds' runs."""
    found = {name: (table.title, state(plan, name)) for name, table in plan.tables.items()}
    ablations = {name: table.title for name, table in plan.tables.items() if table.ablation}
    found |= {
        name + CHARTS: (f"{title}: charts", {**state(plan, name), **charts_of(plan, name)})
        for name, title in ablations.items()
    }
    if len({run.apart_from_seed for run in plan.runs.values()}) < len(plan.runs):
        found[SEEDS] = ("Runs, those that differ in their seed alone together", over_seeds())
    return found


def link(experiment: str, view: str, charts: bool = False) -> str:
    """Where a view is, behind the server's address: as a list, or its charts."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={view}{mode}"


def note(plan: Plan, experiment: str) -> str:
    """What the experiment's page says above its runs."""
    lines = [
        f"* [{title}]({link(experiment, name, charts=name.endswith(CHARTS))})"
        for name, (title, _) in views(plan).items()
    ]
    about = f"Suite **{plan.suite.name}**: {plan.suite.description}. Every table, best row first:"
    return "\n".join([about, "", *lines])


def envelope(title: str, found: dict[str, Any]) -> str:
    """A saved view in the form of MLflow 3.17: name, times in ms (the same for ever), and the state as JSON text."""
    return json.dumps({"name": title, "createdAt": 0, "updatedAt": 0, "state": json.dumps(found)})


def state(plan: Plan, table: str) -> dict[str, Any]:
    """Filter, order and columns of a table's rows."""
    columns = [column.name for column in plan.tables[table].columns]
    shown = [f"tags.`{name}`" for name in ("group", "method")] + [f"metrics.`{name}`" for name in columns]
    return _state(f"tags.table = '{table}'", f"metrics.`{sorted_by(columns)}`", shown)


def over_seeds() -> dict[str, Any]:
    """The runs, each group of which is the mean over its seeds."""
    group = {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": "configuration"}]}
    shown = [f"tags.`{name}`" for name in ("method", "seed")]
    # MLflow's page loads 100 runs at a time: in this order a group's runs come together, but for the last one's shown
    return {**_state("tags.kind = 'run'", "tags.`configuration`", shown, ascending=True), "groupBy": group}


def _state(rows: str, sorted_by: str, columns: list[str], ascending: bool = False) -> dict[str, Any]:
    return {
        "searchFilter": rows,
        "orderByKey": sorted_by,
        "orderByAsc": ascending,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": columns,
        "runsHiddenMode": "SHOW_ALL",
    }


def sorted_by(columns: list[str]) -> str:
    """The column that a table is sorted by."""
    return next((name for name in SORTED_BY if name in columns), columns[-1])
