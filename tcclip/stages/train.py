"""One training per run. The resume state is not an output: Snakemake deletes the outputs of failed jobs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcclip.errors import UserError
from tcclip.params.depends import machine_settings, training_settings
from tcclip.params.reader import path_of, read_yaml
from tcclip.plan import Plan, Run, layout, load_plan, texts
from tcclip.plan.changes import changed_run
from tcclip.plan.labelling import training_list
from tcclip.process import launch
from tcclip.process.console import stage
from tcclip.process.files import json_or_nothing
from tcclip.process.options import Gpus, Log, Planned, SuiteName, Values, gpu_count, on_the_cpu, typed
from tcclip.stages import backbone, fingerprint
from tcclip.stages.depends import Depends, modules_for, told_missing

if TYPE_CHECKING:
    from tcclip.training.job import TrainingJob

CODE = ("tcclip.training.loop",)
HEAVY = ("torch._dynamo", "tcclip.training.loop", "tcclip.tracking.live", "pandas.io.formats.csvs")
FILES = ("weights.safetensors", "history.csv", "training.json", "params.yaml", "environment.json")

app = typer.Typer()


@functools.cache
def depends_on(plan: Plan, name: str) -> Depends:
    """What the weights of run `name` depend on."""
    run = plan.run(name)
    if run.role is None or run.seed is None:
        raise UserError(
            f"run '{run.name}' is an untrained method: it is only evaluated (`tcclip evaluate {run.arguments}`)"
        )
    dataset, method, protocol = plan.dataset(run.role), plan.method(run.method), plan.protocol_for(run)
    machine = machine_settings(plan.suite.machine, method if protocol.validates else None)
    return Depends(
        settings=training_settings(method, protocol, machine, run.seed, dataset.flip),
        modules=modules_for(CODE, method, protocol),
        inputs=inputs(plan, name),
    )


def inputs(plan: Plan, name: str) -> list[Path]:
    """The training list, validation split, their class list, the frames, and the weights of the run it starts from."""
    run = plan.run(name)
    assert run.role is not None
    dataset, split = plan.dataset(run.role), plan.train_split(run)
    return [
        training_list(plan, run),
        layout.split(dataset.name, plan.protocol_for(run).validation.split),
        layout.class_file(dataset, split),
        *texts.files_for(plan.method(run.method), dataset, split, training=True).values(),
        layout.frames_index(dataset.name),
        *([layout.run(plan.suite.name, run.init.name) / "weights.safetensors"] if run.init else []),
    ]


def outputs(plan: Plan, run: str) -> list[Path]:
    """What a training leaves in the run's folder; `run` may be a wildcard."""
    return [layout.run(plan.suite.name, run) / name for name in FILES]


def threads(plan: Plan) -> int:
    """Threads of a training or evaluation, with a process for each GPU."""
    return plan.suite.machine.threads * plan.suite.machine.processes


def training_job(plan: Plan, name: str) -> TrainingJob:
    """From the plan to a training: the run's name becomes everything that its training needs."""
    from tcclip.data.splits.split_tables import read_classes
    from tcclip.data.texts.checked_texts import read_texts
    from tcclip.training.job import TrainingJob

    run = plan.run(name)
    depends = depends_on(plan, name)
    if run.weights_of != run.name:
        raise UserError(
            f"no training depends on what is changed, so that the weights are those of {run.weights_of}: "
            f"`tcclip evaluate {run.arguments}` tests them"
        )
    assert run.role is not None and run.seed is not None
    dataset, method, protocol = plan.dataset(run.role), plan.method(run.method), plan.protocol_for(run)
    split = plan.train_split(run)
    return TrainingJob(
        name=run.name,
        method=method,
        protocol=protocol,
        seed=run.seed,
        class_names=read_classes(layout.class_file(dataset, split)),
        texts=read_texts(texts.files_for(method, dataset, split, training=True)),
        train_list=training_list(plan, run),
        validation_list=layout.split(dataset.name, protocol.validation.split),
        frames=layout.frames(dataset.name),
        backbone=layout.backbone(plan.suite.backbone.name),
        folder=layout.run(plan.suite.name, run.name),
        initial=layout.run(plan.suite.name, run.init.name) / "weights.safetensors" if run.init else None,
        flip=dataset.flip,
        max_missing=dataset.max_missing,
        machine=plan.suite.machine,
        code=fingerprint.modules(*depends.modules),
        made_by=depends.mark,
        tags=_tags(plan, run, depends),
    )


def _tags(plan: Plan, run: Run, depends: Depends) -> dict[str, Any]:
    return {
        "suite": plan.suite.name,
        "protocol": run.protocol,
        "dataset": run.role,
        "method_name": run.method,
        "shots": run.shots,
        "fold": run.fold,
        "init": run.init.name if run.init else "clip",
        **({"changed_from": run.changed.run, "changed": run.changed.values} if run.changed else {}),
        "code_fingerprint": depends.code,
        "data_fingerprint": fingerprint.data(depends.inputs),
    }


def is_made(job: TrainingJob) -> bool:
    """Whether all files of a training are there, made by the params, code and data that it would be made by now."""
    files = [*FILES, *([layout.LAST] if job.protocol.keeps_last else [])]
    if not all((job.folder / name).is_file() for name in files) or (job.folder / layout.STATE).exists():
        return False
    data = read_yaml(job.folder / "params.yaml").get("data_fingerprint")
    made_by = json_or_nothing(job.folder / "training.json").get("made_by", {}).get("fingerprint")
    return (made_by, data) == (job.made_by, job.tags["data_fingerprint"])


def train_watched(job: TrainingJob, tags: Mapping[str, str]) -> str:
    """Train a run, seen by a server while it happens, with `tags`; of several processes the first one tells it."""
    from tcclip.process import distributed
    from tcclip.tracking.live import watched
    from tcclip.training.job import resolved_params
    from tcclip.training.loop import train

    if not distributed.is_main_process():
        return train(job)
    with watched(job.folder, resolved_params(job), tags, job.machine.sample_seconds) as watch:
        return train(job, watch)


Restart = Annotated[
    bool,
    typer.Option(
        "--restart", envvar="TCCLIP_RESTART", help="begin anew where it stopped with other params, data or code"
    ),
]
KeepState = Annotated[
    bool,
    typer.Option("--keep-state", help="leave state.pt when it is done, from which its files can be written again"),
]
AcrossCode = Annotated[
    bool,
    typer.Option("--continue", envvar="TCCLIP_CONTINUE", help="go on where it stopped with other code only"),
]


@app.command()
def train(
    run: str,
    suite: SuiteName = "mini",
    values: Values = None,
    gpus: Gpus = None,
    restart: Restart = False,
    across_code: AcrossCode = False,
    keep_state: KeepState = False,
    planned: Planned = None,
    log: Log = None,
) -> None:
    """Train a run, or go on with it where it was interrupted; with --set one beside it that has other values."""
    with stage(f"training {run}", log) as report:
        from tcclip.tracking.description import tags_of

        plan, name = changed_run(load_plan(suite), run, values or [])
        count = gpu_count(gpus, plan.suite.machine.gpus)
        instead = on_the_cpu(["tcclip", "train", run, *typed(values, suite=suite, gpus="0")], path_of("suites", suite))
        device = launch.take_device(count, instead)
        depends_on(plan, name).check(planned, f"run {name}")
        with told_missing(lambda: [*inputs(plan, name), backbone.weights(plan)], suite):
            job = training_job(plan, name)
        if not restart and is_made(job):
            report(f"{name} is trained already, by these params, code and data: --restart trains it again")
            return
        job = dataclasses.replace(job, device=device, restart=restart, across_code=across_code, keep_state=keep_state)
        report(launch.run(count, train_watched, job, tags_of(plan, plan.run(name)), instead=instead))
