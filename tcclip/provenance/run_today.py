"""What has become of a run since it was made: its params, code and data as they are now, and its entry in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tcclip.params.reader import flat
from tcclip.plan import Plan, layout
from tcclip.reporting.run_origin import ChangedValue, differences
from tcclip.stages import fingerprint, train
from tcclip.tracking.address import STAMP, interface, is_server, tracking_uri


def changed_since(plan: Plan, run: str, params: Mapping[str, Any]) -> list[ChangedValue]:
    """Values that the weights of a trained run depend on and that params/ says otherwise today."""
    if not params or run not in plan.runs:
        return []
    told = ("method", "protocol", "seed")
    today = {k: v for k, v in train.depends_on(plan, run).settings.items() if k.split(".")[0] in told}
    then = flat({name: params[name] for name in told})
    return differences({k: v for k, v in then.items() if k in today}, today, "params/ today")


def fingerprints_now(plan: Plan, run: str) -> dict[str, str]:
    """The code and data fingerprints that a training of this run would have now; '' where its data are not there."""
    depends = train.depends_on(plan, run)
    complete = all(file.is_file() for file in depends.inputs)
    return {"code_fingerprint": depends.code, "data_fingerprint": fingerprint.data(depends.inputs) if complete else ""}


def mlflow_link(suite: str, run: str) -> str:
    """The address of a run in MLflow's UI, or how to get one."""
    index, store = layout.mlflow_index(suite), tracking_uri()
    if not index.is_file() or not (is_server(store) or STAMP.is_file()):
        return f"not loaded on this machine: snakemake mlflow --config suite={suite}"
    loaded = pd.read_csv(index, dtype=str).set_index("run")
    if run not in loaded.index:
        return "not loaded"
    entry = loaded.loc[run]
    return f"{interface(store)}/#/experiments/{entry['mlflow_experiment_id']}/runs/{entry['mlflow_run_id']}"
