"""All evaluations of a run (or of an untrained method), in one job."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError
from tcclip.params.depends import evaluation_settings, machine_settings
from tcclip.params.protocol import parse_views
from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout, load_plan, texts
from tcclip.plan.changes import changed_run
from tcclip.process import launch
from tcclip.process.console import stage
from tcclip.process.options import Gpus, Log, Planned, SuiteName, Values, gpu_count, on_the_cpu, typed
from tcclip.stages import subjects, train
from tcclip.stages.depends import Depends

CODE = subjects.CODE
HEAVY = ("tcclip.evaluation.run", "pyarrow.pandas_compat")

app = typer.Typer()


@functools.cache
def depends_on(plan: Plan, name: str) -> Depends:
    """What the evaluations of run `name` depend on."""
    run = plan.run(name)
    evaluations, method, protocol = plan.evaluations(run.name), plan.method(run.method), plan.protocol_for(run)
    views, we = {e.name: e.views for e in evaluations}, any(e.we for e in evaluations)
    return Depends(
        settings=evaluation_settings(method, protocol, machine_settings(plan.suite.machine, method), views, we),
        modules=subjects.modules(method),
        inputs=inputs(plan, name),
    )


def inputs(plan: Plan, name: str) -> list[Path]:
    """The splits that run `name` is evaluated on, their class lists and frames, and the run's weights."""
    run = plan.run(name)
    method = plan.method(run.method)
    paths = set(train.outputs(plan, run.name)) if run.trained else set()
    for role, split in {(evaluation.role, evaluation.split) for evaluation in plan.evaluations(run.name)}:
        dataset = plan.dataset(role)
        paths.add(layout.split(dataset.name, split))
        paths.add(layout.class_file(dataset, split))
        paths.update(texts.files_for(method, dataset, split).values())
        paths.add(layout.frames_index(dataset.name))
    if own := subjects.trained_on(plan, method, run.role, plan.protocol_for(run), run.shots, run.fold):
        paths.add(own)
    return sorted(paths)


def data_behind(plan: Plan, name: str) -> list[Path]:
    """What run `name` was trained on and evaluated on, and what else both read."""
    trained = train.inputs(plan, name) if plan.run(name).trained else []
    return [*trained, *inputs(plan, name)]


def outputs(plan: Plan, run: str) -> tuple[Path, Path]:
    """The run's final numbers, and the folder of its predictions; `run` may be a wildcard."""
    return layout.metrics(plan.suite.name, run), layout.run(plan.suite.name, run) / "predictions"


def numbers(plan: Plan) -> list[Path]:
    """The final numbers of every run of the suite."""
    return [layout.metrics(plan.suite.name, run) for run in plan.runs]


def finished(plan: Plan, runs: Iterable[str]) -> list[Path]:
    """Everything that belongs to finished runs."""
    files: list[Path] = []
    for name in sorted(runs):
        files += outputs(plan, name)
        files += train.outputs(plan, name) if plan.run(name).trained else []
    return files


def _picked(precision: str, device: str) -> str:
    """The precision that `--precision` asks for, by name: an evaluation is called after it."""
    from tcclip.process.runtime import check_precision, pick_device, pick_precision

    check_precision(precision)
    return pick_precision(precision, pick_device(device), inference=True)


@app.command()
def evaluate(
    run: str,
    suite: SuiteName = "mini",
    values: Values = None,
    dataset: Annotated[str | None, typer.Option(help="evaluate on this dataset alone (hmdb51, ...)")] = None,
    split: Annotated[str | None, typer.Option(help="the split of --dataset")] = None,
    views: Annotated[str | None, typer.Option(help="clips x crops, for example 4x3; else the protocol's")] = None,
    we: Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")] = False,
    precision: Annotated[str | None, typer.Option(help="fp32, bf16, fp16, auto; else the suite's")] = None,
    gpus: Gpus = None,
    planned: Planned = None,
    log: Log = None,
) -> None:
    """Evaluate a run on everything the suite's tables ask for, or any run on one --dataset and --split.

    With --set it is the run beside it that `tcclip train --set` has made with other values.
    """
    with stage(f"evaluating {run}", log) as report:
        from tcclip.evaluation.run import evaluate as evaluate_run

        plan = load_plan(suite)
        count = gpu_count(gpus, plan.suite.machine.gpus)
        again = typed(
            values, suite=suite, dataset=dataset, split=split, views=views, we=we, precision=precision, gpus="0"
        )
        instead = on_the_cpu(["tcclip", "evaluate", run, *again], path_of("suites", suite))
        device = launch.take_device(count, instead)
        plan, run = changed_run(plan, run, values or [])
        if dataset and split:
            seen, chosen = parse_views(views) if views else None, _picked(precision, device) if precision else ""
            subject, jobs = subjects.asked_jobs(plan, run, dataset, split, seen, we, chosen)
        elif dataset or split or views or we or precision:
            raise UserError("--dataset and --split go together, and --views, --we and --precision need both")
        else:
            subject, jobs = subjects.planned_jobs(plan, run)
            depends_on(plan, run).check(planned, f"the evaluation of {run}")
        made_by = depends_on(plan, run).mark if run in plan.runs else ""
        subject = dataclasses.replace(subject, device=device, made_by=made_by)
        report(launch.run(count, evaluate_run, subject, jobs, instead=instead, keep=bool(dataset)))
