"""A run's weights as a model of MLflow's registry, logged into the run's own entry, which has its data and params."""

from __future__ import annotations

import csv
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.errors import UserError
from tcclip.plan import Plan, layout
from tcclip.prediction.exporting import export
from tcclip.prediction.source import Source
from tcclip.process.files import sha256
from tcclip.process.options import typed
from tcclip.tracking import question
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.store import has_moved

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import RunInfo
    from mlflow.models import ModelSignature

NOT_IN_NAMES = {"/", ":"}  # of MLflow's models
SERVED = Path(__file__).with_name("served.py")


def register(plan: Plan, run: str, source: Source, name: str) -> str:
    """Log the run's model into the run's entry and register it as the next version of `name`; returns a line about it.

    Raises:
        UserError: the run has no entry, MLflow has no models of that name, or its store does not answer.
    """
    if not name.strip() or set(name) & NOT_IN_NAMES:
        raise UserError(f"--name must be words without / and : (got '{name}'), which MLflow's addresses are made of")
    uri = tracking_uri()
    entry = entry_of(plan, run)
    question.check(_later(uri, again(plan, run, name, source.facts().we)))
    connection = client(uri)  # and the environment that MLflow's functions read
    ended = _there(connection, entry, plan, run)
    _check_weights(connection, entry, plan, run)
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    with tempfile.TemporaryDirectory(prefix="tcclip-") as scratch:
        folder = Path(scratch) / "model"
        export(source, folder)
        try:
            with mlflow.start_run(run_id=entry, log_system_metrics=False):
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(SERVED),
                    artifacts={"model": str(folder)},
                    signature=_signature(),
                    registered_model_name=name,
                    pip_requirements=[],  # a checkout's own package is no package of an index
                )
        finally:  # how and when the training ended is not how and when its model was logged
            connection.set_terminated(entry, ended.status, ended.end_time)
    version = logged.registered_model_version
    return f"{name}, version {version}, of run {run}: models:/{name}/{version}"


def again(plan: Plan, run: str, name: str, we: bool) -> str:
    """The command that registers a run under a name, as it is typed."""
    suite = None if plan.suite.name == "mini" else plan.suite.name
    return shlex.join(["tcclip", "register", run, *typed(None, name=None if name == run else name, suite=suite, we=we)])


def _later(uri: str, command: str) -> str:
    """How an error about the store at `uri` ends: with the command, and with what has to come before it."""
    if question.may_answer(uri):
        return f"`{command}` registers it when it answers"
    return f"set that right first, and then `{command}` registers it"


def entry_of(plan: Plan, run: str) -> str:
    """The id of a run's entry in MLflow."""
    index = layout.mlflow_index(plan.suite.name)
    makes = f"'{_loads(plan)}' makes it"
    if not index.is_file():
        raise UserError(f"{index} is not there, so that MLflow has no entry of {run}: {makes}")
    with open(index, newline="", encoding="utf-8") as file:
        ids = {line["run"]: line["mlflow_run_id"] for line in csv.DictReader(file)}
    if run not in ids:
        raise UserError(f"{index} has no entry of run {run}: {makes}")
    return ids[run]


def _there(connection: MlflowClient, entry: str, plan: Plan, run: str) -> RunInfo:
    """What the store says of an entry; UserError where it was deleted, or is in another store than the one in use."""
    from mlflow.exceptions import MlflowException

    try:
        info = connection.get_run(entry).info
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        info = None
    if info is None or info.lifecycle_stage != "active":
        raise UserError(
            f"MLflow's store {connection.tracking_uri} {'has no' if info is None else 'has deleted the'} entry {entry} "
            f"of run {run}: `rm {layout.mlflow_index(plan.suite.name)}; {_loads(plan)}` makes it again"
        )
    if has_moved(connection, connection.get_experiment(info.experiment_id), plan.suite.name):
        raise UserError(
            f"MLflow's entries are of a checkout in another folder, from which this one was moved or copied: "
            f"`tcclip mlflow --suite {plan.suite.name}` makes entries of its own, and then this"
        )
    return info


def _check_weights(connection: MlflowClient, entry: str, plan: Plan, run: str) -> None:
    """UserError where an entry tells of other weights than the run's folder has now: its params and data are theirs."""
    weights = layout.run(plan.suite.name, run) / "weights.safetensors"
    told = connection.get_run(entry).data.tags.get("weights_sha256")
    if told and weights.is_file() and told != sha256(weights):
        raise UserError(
            f"{weights} has changed since MLflow's entry of run {run} was made, whose params and data are those of "
            f"other weights: `{_loads(plan)}` makes another entry, and then this"
        )


def _loads(plan: Plan) -> str:
    return f"snakemake mlflow --config suite={plan.suite.name}"


def _signature() -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema

    texts = [ColSpec("string", name) for name in ("class", "top5", "defect")]
    return ModelSignature(
        inputs=Schema([ColSpec("string", "video")]),
        outputs=Schema([ColSpec("string", "video"), texts[0], ColSpec("double", "probability"), *texts[1:]]),
        params=ParamSchema([ParamSpec("classes", "string", "")]),
    )
