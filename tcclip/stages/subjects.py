"""Which run an evaluation or a prediction is of, and what it is evaluated on: runs of tables, of folders, untrained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcclip.errors import UserError, unknown
from tcclip.params import Method, Protocol
from tcclip.params.depends import NOT_EVALUATED
from tcclip.params.method import method_of_run
from tcclip.params.protocol import Views
from tcclip.params.reader import names, read_yaml, validate
from tcclip.plan import Evaluation, Plan, layout, texts
from tcclip.plan.runs import UNTRAINED, train_split
from tcclip.stages import fingerprint
from tcclip.stages.depends import modules_for

if TYPE_CHECKING:
    from tcclip.evaluation.job import EvaluationJob
    from tcclip.evaluation.subject import Subject

CODE = ("tcclip.evaluation.run",)
OF_UNTRAINED = "zero_shot"  # the protocol that an untrained method's frames and views are of, where no table names it


def planned_jobs(plan: Plan, name: str) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` (or an untrained method) and everything that the suite's tables evaluate it on."""
    if name not in plan.runs and _params_file(plan, name).is_file():
        raise UserError(f"no table names run '{name}': say what to evaluate it on with --dataset and --split")
    subject = planned(plan, name)
    return subject, [_job(plan, evaluation, subject.method) for evaluation in plan.evaluations(name)]


def asked_jobs(
    plan: Plan, name: str, role: str, split: str, views: Views | None = None, we: bool = False, precision: str = ""
) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` and one split that a person asks for; the run may be one that no table names, an imported one too.

    Args:
        role: the paper's dataset.
        views: None takes those of the run's protocol.
        precision: fp32, bf16 or fp16; the evaluation is called after it, and stands beside the suite's.
    """
    found = found_run(plan, name)
    dataset = plan.dataset(role)
    if split not in dataset.all_splits:
        raise unknown(f"split of {dataset.name}", split, dataset.all_splits)
    asked = Evaluation(found.subject.name, role, split, views or found.protocol.views, we, precision=precision)
    subject = found.subject
    if precision:
        subject = dataclasses.replace(subject, machine=subject.machine.model_copy(update={"precision": precision}))
    return subject, [_job(plan, asked, subject.method)]


@dataclass(frozen=True)
class FoundRun:
    """A run of a suite, whether its tables name it or not."""

    subject: Subject
    protocol: Protocol
    role: str | None  # the paper's dataset it is trained on; None: an untrained method
    split: str | None  # of that dataset: what it is trained on


def found_run(plan: Plan, name: str) -> FoundRun:
    """A run by name: of the plan, of a folder that no table names (an imported one too), or an untrained method."""
    path = _params_file(plan, name)
    if name in plan.runs:
        run = plan.run(name)
        split = plan.train_split(run) if run.trained else None
        return FoundRun(planned(plan, name), plan.protocol_for(run), run.role, split)
    if path.is_file():
        content = read_yaml(path)
        protocol, role = _protocol(content, path), content.get("dataset")
        split = train_split(protocol, content.get("shots"), content.get("fold")) if role else None
        return FoundRun(from_folder(plan, path.parent, content), protocol, role, split)
    if (untrained := name.removeprefix(UNTRAINED)) in names("methods"):
        method, protocol = plan.method(untrained), plan.protocol(OF_UNTRAINED, plan.method(untrained))
        if not method.train:
            folder = layout.run(plan.suite.name, UNTRAINED + untrained)
            return FoundRun(_subject(plan, folder, method, protocol, None, None), protocol, None, None)
    raise unknown("run", name, {*plan.runs, *(file.parent.name for file in path.parents[1].glob("*/params.yaml"))})


def planned(plan: Plan, name: str) -> Subject:
    """A run of the plan, or an untrained method, with the params as they are now."""
    run = plan.run(name)
    folder = layout.run(plan.suite.name, run.name)
    weights = layout.run(plan.suite.name, run.weights_of) / "weights.safetensors" if run.trained else None
    if run.changed and weights and not weights.is_file():
        trained = run.arguments if run.changed.trained else run.weights_of
        raise UserError(f"{weights} is not there: `tcclip train {trained} --suite {plan.suite.name}` makes it")
    method, protocol = plan.method(run.method), plan.protocol_for(run)
    own = trained_on(plan, method, run.role, protocol, run.shots, run.fold)
    return _subject(plan, folder, method, protocol, weights, own)


def from_folder(plan: Plan, folder: Path, content: dict[str, Any]) -> Subject:
    """A run that no table names, with the params that its folder holds."""
    path = folder / "params.yaml"
    method = method_of_run(content.get("method") or {}, f"{path}, method")
    protocol = _protocol(content, path)
    own = trained_on(plan, method, content.get("dataset"), protocol, content.get("shots"), content.get("fold"))
    return _subject(plan, folder, method, protocol, folder / "weights.safetensors", own)


def _subject(
    plan: Plan, folder: Path, method: Method, protocol: Protocol, weights: Path | None, trained_on: Path | None
) -> Subject:
    from tcclip.evaluation.subject import Subject

    return Subject(
        name=folder.name,
        method=method,
        backbone=layout.backbone(plan.suite.backbone.name),
        weights=weights,
        folder=folder,
        frames=protocol.frames,
        seed=protocol.seed,
        code=fingerprint.code(*modules(method)),
        machine=plan.suite.machine,
        trained_on=trained_on,
    )


def _job(plan: Plan, evaluation: Evaluation, method: Method) -> EvaluationJob:
    from tcclip.evaluation.job import EvaluationJob

    dataset = plan.dataset(evaluation.role)
    return EvaluationJob(
        name=evaluation.name,
        split=layout.split(dataset.name, evaluation.split),
        classes=layout.class_file(dataset, evaluation.split),
        texts=texts.files_for(method, dataset, evaluation.split),
        frames=layout.frames(dataset.name),
        we=evaluation.we,
        views=evaluation.views,
        out=layout.predictions(plan.suite.name, evaluation.run, evaluation.name),
        max_missing=dataset.max_missing,
        last=evaluation.last,
    )


def _protocol(content: dict[str, Any], path: Path) -> Protocol:
    """The protocol of a run, which has one seed where a file of params/ lists several."""
    found = dict(content.get("protocol") or {})
    if "seed" in found:
        found["seeds"] = [found.pop("seed")]
    return validate(found, Protocol, f"{path}, protocol")


def _params_file(plan: Plan, name: str) -> Path:
    return layout.run(plan.suite.name, name) / "params.yaml"


def modules(method: Method) -> tuple[str, ...]:
    """Code that evaluations of a method depend on, those on other classes than it was trained on too."""
    return tuple(dict.fromkeys(modules_for(CODE, method, method.on_other_classes(), without=NOT_EVALUATED)))


def trained_on(
    plan: Plan, method: Method, role: str | None, protocol: Protocol, shots: int | None, fold: int | None
) -> Path | None:
    """The classes of a training, where what it learned belongs to them and other classes are tested otherwise."""
    if role is None or method.on_other_classes() is method:
        return None
    return layout.class_file(plan.dataset(role), train_split(protocol, shots, fold))
