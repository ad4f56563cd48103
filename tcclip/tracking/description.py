"""How a run is described to MLflow: tags, params, and the key of its training.

The same while it trains and when its folder is loaded, so that both are one entry. A training imports this, so that it
must load fast: no pandas.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tcclip.params.reader import flat
from tcclip.plan import Plan, Run

NOT_CURVES = ("epoch", "step")  # columns of history.csv
NOT_PARAMS = ("run", "suite", "method_name", "code_fingerprint", "data_fingerprint")  # of params.yaml: told by tags
LONGEST_PARAM = 6000  # characters that MLflow takes
ROW = "row of table "  # begins the tag that says which rows of a table a run serves


def tags_of(plan: Plan, run: Run) -> dict[str, str]:
    """What the plan says of a run."""
    command = f"tcclip {'train' if run.trained else 'evaluate'} {run.arguments} --suite {plan.suite.name}"
    known = {
        "kind": "run",
        "suite": plan.suite.name,
        "protocol": run.protocol if run.trained else "untrained",
        "dataset": run.role or "",
        "method": run.method,
        "shots": run.shots,
        "fold": run.fold,
        "seed": run.seed,
        "configuration": run.apart_from_seed,  # by which MLflow puts the seeds of a training together
        "tables": ",".join(plan.tables_of(run.name)),
        "mlflow.source.name": command,
        "mlflow.source.type": "JOB",
    }
    told = {name: str(value) for name, value in known.items() if value not in (None, "")}
    return told | {f"{ROW}{table}": ", ".join(rows) for table, rows in rows_of(plan, run.name).items()}


def rows_of(plan: Plan, run: str) -> dict[str, list[str]]:
    """Table -> the rows that a run serves."""
    return {table: list(rows) for table, rows in _rows_by_run(plan).get(run, {}).items()}


@functools.lru_cache(maxsize=1)
def _rows_by_run(plan: Plan) -> dict[str, dict[str, dict[str, None]]]:
    """Run -> table -> rows: going through all cells for each of hundreds of runs was a fifth of a load."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for table, cells in plan.cells.items():
        for cell in cells:
            for run in {evaluation.run for evaluation in cell.evaluations}:
                found.setdefault(run, {}).setdefault(table, {})[cell.row] = None
    return found


def params_shown(params: Mapping[str, Any]) -> dict[str, str]:
    """params.yaml as MLflow's params: dotted names, without what tags tell."""
    return {k: str(v)[:LONGEST_PARAM] for k, v in flat(dict(params)).items() if k not in NOT_PARAMS and v is not None}


def training_key(params: Mapping[str, Any]) -> str:
    """Hash of a training's params and fingerprints without how it uses its machine: what may continue one entry."""
    content = {name: value for name, value in params.items() if name != "machine"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
