"""Where a run comes from, as its folder tells it, beside what its params, code and data are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tcclip.errors import UserError
from tcclip.params import load_method, load_protocol
from tcclip.params.method import base_of
from tcclip.params.reader import flat, path_of
from tcclip.params.variants import place_of
from tcclip.plan import Plan, layout
from tcclip.process.files import SHORT, read_json, sha256
from tcclip.stages import evaluate, fingerprint, train
from tcclip.tracking.address import STAMP, is_server, tracking_uri

LOCAL_UI = "http://127.0.0.1:5000"  # of `make ui`
OUTSIDE = ("name", "display", "description")  # words for people


@dataclass(frozen=True)
class Difference:
    """A value of a run's params that is not the default, and where that stands."""

    key: str
    value: Any
    default: Any
    where: str


def params_of(folder: Path) -> dict[str, Any]:
    """A run's resolved params; nothing for a run without a training."""
    path = folder / "params.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def environment_of(folder: Path) -> dict[str, Any]:
    """What a run was made on and with; nothing if it says nothing."""
    path = folder / "environment.json"
    return read_json(path) if path.is_file() else {}


def continued(folder: Path) -> list[dict[str, Any]]:
    """Where a run's training went on under other code than it was begun with: epoch, step and the code before."""
    path = folder / "training.json"
    found: list[dict[str, Any]] = read_json(path).get("continued", []) if path.is_file() else []
    return found


def evaluated_by(folder: Path, evaluation: str) -> dict[str, Any]:
    """The code and the commit that made an evaluation of a run; nothing if it does not say."""
    path = folder / "metrics.json"
    evaluations = read_json(path)["evaluations"] if path.is_file() else {}
    found: dict[str, Any] = evaluations.get(evaluation, {}).get("made_by", {})
    return found


def differences(values: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> list[Difference]:
    """The leaves of nested `values` that are not those of `defaults`; what only one side has counts as None there."""
    mine, theirs = flat(dict(values)), flat(dict(defaults))
    keys = [key for key in (*mine, *(key for key in theirs if key not in mine)) if key not in OUTSIDE]
    return [Difference(k, mine.get(k), theirs.get(k), where) for k in keys if mine.get(k) != theirs.get(k)]


def not_default(params: Mapping[str, Any]) -> list[Difference]:
    """Values of a trained run that its method, that method's base, or its protocol's file says otherwise."""
    found: list[Difference] = []
    method, protocol = params.get("method", {}), params.get("protocol", {})
    if method:
        name = str(method["name"])
        own, base = load_method(name).model_dump(mode="json"), base_of(name)
        if not base.startswith("_"):
            found += differences(own, load_method(base).model_dump(mode="json"), place_of(base))
        found += differences(method, own, place_of(name))
    if protocol:
        path = path_of("protocols", protocol["name"])
        found += differences(protocol, load_protocol(protocol["name"]).model_dump(mode="json"), str(path))
    return found


def changed_since(plan: Plan, run: str, params: Mapping[str, Any]) -> list[Difference]:
    """Values that the weights of a trained run depend on and that params/ says otherwise today."""
    if not params or run not in plan.runs:
        return []
    told = ("method", "protocol", "seed")
    today = {k: v for k, v in train.depends_on(plan, run).settings.items() if k.split(".")[0] in told}
    then = flat({name: params[name] for name in told})
    return differences({k: v for k, v in then.items() if k in today}, today, "params/ today")


def data_files(plan: Plan, run: str) -> dict[str, str]:
    """The split tables, class lists and frame indices behind a run, with their hashes as they are now."""
    trained = train.depends_on(plan, run).inputs if plan.run(run).trained else []
    paths = {*evaluate.depends_on(plan, run).inputs, *trained}
    data = sorted(path for path in paths if layout.DATA in path.parents)
    return {str(path): sha256(path)[:SHORT] if path.is_file() else "not there" for path in data}


def fingerprints_now(plan: Plan, run: str) -> dict[str, str]:
    """The code and data fingerprints that a training of this run would have now; '' where its data are not there."""
    depends = train.depends_on(plan, run)
    complete = all(file.is_file() for file in depends.inputs)
    return {"code_fingerprint": depends.code, "data_fingerprint": fingerprint.data(depends.inputs) if complete else ""}


def mlflow_link(suite: str, run: str) -> str:
    """The address of a run in MLflow's UI, or how to get one."""
    index, store = layout.reports(suite) / "mlflow.csv", tracking_uri()
    if not index.is_file() or not (is_server(store) or STAMP.is_file()):
        return f"not loaded on this machine: snakemake mlflow --config suite={suite}"
    loaded = pd.read_csv(index, dtype=str).set_index("run")
    if run not in loaded.index:
        return "not loaded"
    entry = loaded.loc[run]
    address = store.rstrip("/") if is_server(store) else LOCAL_UI
    return f"{address}/#/experiments/{entry['mlflow_experiment_id']}/runs/{entry['mlflow_run_id']}"


def defaults_or_nothing(params: Mapping[str, Any]) -> list[Difference] | None:
    """`not_default`, or None where the files of the run's method or protocol are gone or do not hold today."""
    try:
        return not_default(params)
    except UserError:
        return None
