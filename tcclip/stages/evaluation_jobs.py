"""From the plan to evaluations: a run's name becomes everything that its evaluations need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tcclip.errors import UserError, unknown
from tcclip.evaluation.run import EvaluationJob, Subject
from tcclip.params import Method, Protocol
from tcclip.params.protocol import Views
from tcclip.params.reader import read_yaml, validate
from tcclip.plan import Evaluation, Plan, layout
from tcclip.stages import declared, fingerprint


def evaluation_jobs(plan: Plan, name: str) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` (or an untrained method) and everything that the suite's tables evaluate it on."""
    if name not in plan.runs and _params_file(plan, name).is_file():
        raise UserError(f"no table names run '{name}': say what to evaluate it on with --dataset and --split")
    subject = planned(plan, name)
    return subject, [_job(plan, evaluation, subject.method) for evaluation in plan.evaluations(name)]


def asked_jobs(
    plan: Plan, name: str, role: str, split: str, views: Views | None = None, we: bool = False
) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` and one split that a person asks for; the run may be one that no table names, an imported one too.

    Args:
        role: the paper's dataset.
        views: None takes those of the run's protocol.
    """
    path = _params_file(plan, name)
    if name in plan.runs:
        subject, usual = planned(plan, name), plan.protocol(plan.run(name).protocol).views
    elif path.is_file():
        content = read_yaml(path)
        subject, usual = from_folder(plan, path.parent, content), _protocol(content, path).views
    else:
        raise unknown("run", name, {*plan.runs, *(file.parent.name for file in path.parents[1].glob("*/params.yaml"))})
    dataset = plan.dataset(role)
    if split not in dataset.all_splits:
        raise unknown(f"split of {dataset.name}", split, dataset.all_splits)
    return subject, [_job(plan, Evaluation(name, role, split, views or usual, we), subject.method)]


def planned(plan: Plan, name: str) -> Subject:
    """A run of the plan, or an untrained method, with the params as they are now."""
    run = plan.run(name)
    folder = layout.run(plan.suite.name, run.name)
    weights = folder / "weights.safetensors" if run.trained else None
    return _subject(plan, folder, plan.method(run.method), plan.protocol(run.protocol), weights)


def from_folder(plan: Plan, folder: Path, content: dict[str, Any]) -> Subject:
    """A run that no table names, with the params that its folder holds."""
    path = folder / "params.yaml"
    method = validate(content.get("method") or {}, Method, f"{path}, method")
    return _subject(plan, folder, method, _protocol(content, path), folder / "weights.safetensors")


def _subject(plan: Plan, folder: Path, method: Method, protocol: Protocol, weights: Path | None) -> Subject:
    machine = plan.suite.machine
    return Subject(
        name=folder.name,
        method=method,
        backbone=layout.backbone(plan.suite.backbone.name),
        weights=weights,
        folder=folder,
        frames=protocol.frames,
        seed=protocol.seed,
        code=fingerprint.code(declared.CODE["evaluate"]),
        threads=machine.threads,
        loader_workers=machine.loader_workers,
        precision=machine.precision,
        eval_batch=machine.eval_batch,
    )


def _job(plan: Plan, evaluation: Evaluation, method: Method) -> EvaluationJob:
    dataset = plan.dataset(evaluation.role)
    return EvaluationJob(
        name=evaluation.name,
        split=layout.split(dataset.name, evaluation.split),
        classes=declared.class_file(method, dataset, evaluation.split),
        frames=layout.frames(dataset.name),
        we=evaluation.we,
        views=evaluation.views,
        out=layout.predictions(plan.suite.name, evaluation.run, evaluation.name),
        max_missing=dataset.max_missing,
        last=evaluation.last,
    )


def _protocol(content: dict[str, Any], path: Path) -> Protocol:
    return validate(content.get("protocol") or {}, Protocol, f"{path}, protocol")


def _params_file(plan: Plan, name: str) -> Path:
    return layout.run(plan.suite.name, name) / "params.yaml"
