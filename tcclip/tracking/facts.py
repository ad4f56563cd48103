"""What MLflow shows of a run of the plan: its folder's record with tags, params and datasets."""

from __future__ import annotations

from pathlib import Path

from tcclip.plan import Plan, Run, layout
from tcclip.stages import declared, fingerprint
from tcclip.tracking.records import Record, SplitTable, record, run_key
from tcclip.tracking.tags import tags_of


def keys_of(plan: Plan) -> dict[str, str]:
    """Run -> the key of what MLflow shall show of it."""
    return {name: run_key(layout.run(plan.suite.name, name), tags_of(plan, run)) for name, run in plan.runs.items()}


def record_of(plan: Plan, name: str) -> Record:
    """Everything of one run that goes into MLflow."""
    run, folder = plan.run(name), layout.run(plan.suite.name, name)
    tags = {**fingerprints(plan, run), **tags_of(plan, run)}
    return record(name, folder, tags, params_of(plan, run), splits_of(plan, run), class_lists_of(plan, run))


def fingerprints(plan: Plan, run: Run) -> dict[str, str]:
    """Code and data hashes of a run that was not trained; a training has written its own to params.yaml."""
    if run.trained:
        return {}
    data = fingerprint.data(file for file in declared.evaluation_inputs(plan, run) if file.is_file())
    return {"code_fingerprint": fingerprint.code(declared.CODE["evaluate"]), "data_fingerprint": data}


def params_of(plan: Plan, run: Run) -> dict[str, object]:
    """The params of a run that has no params.yaml of its own, because nothing was trained."""
    return {} if run.trained else declared.evaluation_settings(plan, run)


def splits_of(plan: Plan, run: Run) -> list[SplitTable]:
    """The split tables that a run is trained and tested on."""
    found = []
    if run.role:
        name, split = plan.dataset(run.role).name, plan.train_split(run)
        found.append(SplitTable(f"{name} {split}", "train", layout.split(name, split)))
    tested = {(plan.dataset(e.role).name, e.split) for e in plan.evaluations(run.name)}
    return found + [SplitTable(f"{name} {split}", "test", layout.split(name, split)) for name, split in sorted(tested)]


def class_lists_of(plan: Plan, run: Run) -> dict[str, Path]:
    """Evaluation -> the class list its labels are of."""
    evaluations = plan.evaluations(run.name)
    names = {e.name: plan.dataset(e.role) for e in evaluations}
    return {e.name: layout.classes(names[e.name].name, names[e.name].class_list(e.split)) for e in evaluations}
