"""What the plan says of a run, as MLflow's tags. A training imports this, so that it must load fast."""

from __future__ import annotations

from tcclip.plan import Plan, Run

ROW = "row of table "  # begins the tag that says which rows of a table a run serves


def tags_of(plan: Plan, run: Run) -> dict[str, str]:
    """What the plan says of a run."""
    known = {
        "kind": "run",
        "suite": plan.suite.name,
        "protocol": run.protocol if run.trained else "untrained",
        "dataset": run.role or "",
        "method": run.method,
        "shots": run.shots,
        "fold": run.fold,
        "seed": run.seed,
        "tables": ",".join(plan.tables_of(run.name)),
        "mlflow.source.name": f"tcclip {'train' if run.trained else 'evaluate'} {run.name} --suite {plan.suite.name}",
        "mlflow.source.type": "JOB",
    }
    told = {name: str(value) for name, value in known.items() if value not in (None, "")}
    return told | {f"{ROW}{table}": ", ".join(rows) for table, rows in rows_of(plan, run.name).items()}


def rows_of(plan: Plan, run: str) -> dict[str, list[str]]:
    """Table -> the rows that a run serves."""
    found: dict[str, dict[str, None]] = {}
    for table, cells in plan.cells.items():
        for cell in cells:
            if any(evaluation.run == run for evaluation in cell.evaluations):
                found.setdefault(table, {})[cell.row] = None
    return {table: list(rows) for table, rows in found.items()}
