"""The entry of a run: what its folder tells, and what the plan knows of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tcclip.plan import Plan, Run, layout
from tcclip.plan.labelling import labelling_of, training_list
from tcclip.plan.run_results import evaluations_of
from tcclip.process.files import csv_text, json_or_nothing, sha256
from tcclip.reporting.run_origin import environment_of, params_of
from tcclip.tracking.confusion import confusions
from tcclip.tracking.description import params_shown, tags_of, training_key
from tcclip.tracking.entry import EntryContent, SplitTable
from tcclip.tracking.run_points import curves, final, system
from tcclip.tracking.system import SYSTEM

KEY_FILES = ("params.yaml", "history.csv", "training.json", "metrics.json", "environment.json", SYSTEM)
Told = Callable[[Plan, Run], tuple[dict[str, object], dict[str, str]]]  # params and fingerprints of a run


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation is of; its name is for people."""

    dataset: str  # the paper's
    classes: Path  # the list (label, name) that its labels are of


def run_keys(plan: Plan) -> dict[str, str]:
    """Run -> the key of what its entry shall show."""
    return {name: run_key(layout.run(plan.suite.name, name), tags_of(plan, run)) for name, run in plan.runs.items()}


def nothing(_plan: Plan, _run: Run) -> tuple[dict[str, object], dict[str, str]]:
    """No params and no fingerprints."""
    return {}, {}


def planned_run(plan: Plan, name: str, of_untrained: Told = nothing) -> EntryContent:
    """The entry of a run of the plan; `of_untrained` tells of one without a training, which has no params.yaml."""
    run, folder = plan.run(name), layout.run(plan.suite.name, name)
    params, fingerprints = ({}, {}) if run.trained else of_untrained(plan, run)
    tags = {**fingerprints, **tags_of(plan, run)}
    return run_entry(name, folder, tags, params, splits_of(plan, run), tested_by(plan, run))


def run_key(folder: Path, tags: Mapping[str, str]) -> str:
    """Hash of a run's results and of what MLflow tells about them; unchanged means already loaded."""
    digest = hashlib.sha256(json.dumps(dict(tags), sort_keys=True).encode())
    for name in KEY_FILES:
        if (folder / name).is_file():
            digest.update(f"{name} {sha256(folder / name)}\n".encode())
    return digest.hexdigest()[:32]


def run_entry(
    name: str,
    folder: Path,
    tags: Mapping[str, str],
    params: Mapping[str, Any],
    splits: Sequence[SplitTable] = (),
    tested: Mapping[str, Evaluated] = MappingProxyType({}),
) -> EntryContent:
    """Read a run's folder.

    Args:
        tags: what the plan knows: suite, protocol, dataset, method, shots, seed, tables, ...
        params: resolved params of a run that was not trained; a trained run has its own in params.yaml.
        tested: the plan's evaluations by name; another one in the folder is shown by itself and is in no mean.
    """
    training = json_or_nothing(folder / "training.json")
    evaluations = evaluations_of(folder)
    end = finished(folder)
    start = end - int(1000 * float(training.get("seconds", 0)))
    own = params_of(folder)
    weights = folder / "weights.safetensors"
    own_tags: dict[str, str] = {name: own[name] for name in ("code_fingerprint", "data_fingerprint") if name in own}
    own_tags |= {"training": training_key(own)} if own else {}
    if weights.is_file():
        own_tags |= {
            "weights": str(weights),
            "weights_sha256": training.get("weights", {}).get(weights.name) or sha256(weights),
        }
    datasets = {evaluation: of.dataset for evaluation, of in tested.items()}
    pictures = confusions(folder / "predictions", {evaluation: of.classes for evaluation, of in tested.items()})
    return EntryContent(
        name=name,
        params=params_shown({**params, **own}),
        points=[
            *curves(folder / "history.csv", start, end),
            *system(folder / SYSTEM),
            *final(evaluations, datasets, training, end),
        ],
        tags={**tags, **recorded(folder), **own_tags, "run": name},
        start=start,
        end=end,
        texts={"per_class.csv": per_class_csv(evaluations), **pictures},
        files=[folder / file for file in KEY_FILES if (folder / file).is_file()],
        splits=[split for split in splits if split.path.is_file()],
    )


def finished(folder: Path) -> int:
    """When a run was finished, in milliseconds since 1970; files that DVC brought have another time than they had."""
    told = environment_of(folder).get("finished")
    if told:
        return int(datetime.fromisoformat(told).timestamp() * 1000)
    last = folder / "training.json"
    return int((last if last.is_file() else folder / "metrics.json").stat().st_mtime * 1000)


def recorded(folder: Path) -> dict[str, str]:
    """Git commit, machine and software, as the training (or for an untrained run the evaluation) wrote them."""
    environment = environment_of(folder)
    git = environment.get("git") or {}
    tags = {"git_commit": git.get("commit"), "git_dirty": git.get("dirty")}
    tags["mlflow.source.git.commit"] = git.get("commit")  # the column Version
    tags |= {name: environment.get(name) for name in ("device", "cpu", "platform", "python", "torch")}
    return {name: str(value) for name, value in tags.items() if value is not None}


def per_class_csv(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """Lines evaluation, class, n_videos, top1 (percent)."""
    rows = [
        (name, label, value["n_videos"], round(value["top1"], 3))
        for name, part in evaluations.items()
        for label, value in part.get("per_class", {}).items()
    ]
    return csv_text(("evaluation", "class", "n_videos", "top1"), rows)


def splits_of(plan: Plan, run: Run) -> list[SplitTable]:
    """The split tables that a run is trained and tested on."""
    found = []
    if run.role:
        name, split = plan.dataset(run.role).name, plan.train_split(run)
        labelled = " with pseudo-labels" if labelling_of(plan, run) else ""
        found.append(SplitTable(f"{name} {split}{labelled}", "train", training_list(plan, run)))
    tested = {(plan.dataset(e.role).name, e.split) for e in plan.evaluations(run.name)}
    return found + [SplitTable(f"{name} {split}", "test", layout.split(name, split)) for name, split in sorted(tested)]


def tested_by(plan: Plan, run: Run) -> dict[str, Evaluated]:
    """What each evaluation of a run is of; class names are the plain ones, also where a method reads rephrased ones."""
    found = {}
    for evaluation in plan.evaluations(run.name):
        classes = layout.class_file(plan.dataset(evaluation.role), evaluation.split)
        found[evaluation.name] = Evaluated(evaluation.role, classes)
    return found
