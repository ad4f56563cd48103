"""One training per run. The resume state is not an output: Snakemake deletes the outputs of failed jobs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tcclip.errors import UserError
from tcclip.params.method import NOT_TRAINED
from tcclip.params.protocol import NOT_OF_A_TRAINING
from tcclip.params.reader import flat
from tcclip.plan import Plan, Run, layout, load_plan
from tcclip.process import launch
from tcclip.process.console import stage
from tcclip.process.options import Gpus, Log, SuiteName
from tcclip.stages import fingerprint

if TYPE_CHECKING:
    from tcclip.training.job import TrainingJob

CODE = ("tcclip.training",)
HEAVY = ("torch._dynamo", "tcclip.training.loop", "tcclip.tracking.live")
FILES = ("weights.safetensors", "history.csv", "training.json", "params.yaml", "environment.json")

app = typer.Typer()


def inputs(plan: Plan, run: Run) -> list[Path]:
    """Train and validation split, their class list, the frames, and the weights of the run it starts from.

    CLIP's weights are an input as well; they are no part of a run's data.
    """
    assert run.role is not None
    dataset = plan.dataset(run.role)
    protocol = plan.training_protocol(run)
    split = plan.train_split(run)
    return [
        layout.split(dataset.name, split),
        layout.split(dataset.name, protocol.validation.split),
        layout.class_file(plan.method(run.method), dataset, split),
        layout.frames_index(dataset.name),
        *([layout.run(plan.suite.name, run.init.name) / "weights.safetensors"] if run.init else []),
    ]


def outputs(plan: Plan, run: str) -> list[Path]:
    """What a training leaves in the run's folder; `run` may be a wildcard."""
    return [layout.run(plan.suite.name, run) / name for name in FILES]


def settings(plan: Plan, run: Run) -> dict[str, Any]:
    """Every value a training's result depends on."""
    protocol = plan.training_protocol(run).model_dump(exclude=NOT_OF_A_TRAINING)
    method = plan.method(run.method).model_dump(exclude=NOT_TRAINED)
    assert run.role is not None
    flip = plan.dataset(run.role).flip
    return flat({"method": method, "protocol": protocol, "machine": machine(plan), "seed": run.seed, "flip": flip})


def machine(plan: Plan) -> dict[str, Any]:
    """How the machine is used, as far as a result depends on it; more GPUs only round the same sums differently."""
    used = plan.suite.machine
    return used.model_dump(include={"threads", "precision"}) | {"gpu": used.gpus > 0}


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


def threads(plan: Plan) -> int:
    """Threads of a training or evaluation, with a process for each GPU."""
    return plan.suite.machine.threads * max(1, plan.suite.machine.gpus)


def training_job(plan: Plan, name: str) -> TrainingJob:
    """From the plan to a training: the run's name becomes everything that its training needs."""
    from tcclip.data.splits.tables import read_classes
    from tcclip.training.job import TrainingJob

    run = plan.run(name)
    if run.role is None or run.seed is None:
        raise UserError(f"run '{name}' is an untrained method: it is only evaluated (`tcclip evaluate {name}`)")
    dataset = plan.dataset(run.role)
    protocol = plan.training_protocol(run)
    split = plan.train_split(run)
    used = plan.suite.machine
    return TrainingJob(
        name=run.name,
        method=plan.method(run.method),
        protocol=protocol,
        seed=run.seed,
        class_names=read_classes(layout.class_file(plan.method(run.method), dataset, split)),
        train_list=layout.split(dataset.name, split),
        validation_list=layout.split(dataset.name, protocol.validation.split),
        frames=layout.frames(dataset.name),
        backbone=layout.backbone(plan.suite.backbone.name),
        folder=layout.run(plan.suite.name, run.name),
        initial=layout.run(plan.suite.name, run.init.name) / "weights.safetensors" if run.init else None,
        flip=dataset.flip,
        max_missing=dataset.max_missing,
        threads=used.threads,
        loader_workers=used.loader_workers,
        precision=used.precision,
        eval_batch=used.eval_batch,
        checkpoint=used.checkpoint,
        tags={
            "suite": plan.suite.name,
            "protocol": run.protocol,
            "dataset": run.role,
            "method_name": run.method,
            "shots": run.shots,
            "fold": run.fold,
            "init": run.init.name if run.init else "clip",
            "code_fingerprint": code(),
            "data_fingerprint": fingerprint.data(inputs(plan, run)),
        },
    )


def train_watched(suite: str, job: TrainingJob) -> str:
    """Train a run of the suite, seen by a server while it happens; of several processes the first one tells it."""
    from tcclip.process import distributed
    from tcclip.tracking.description import tags_of
    from tcclip.tracking.live import watched
    from tcclip.training.job import resolved_params
    from tcclip.training.loop import train

    if not distributed.main():
        return train(job)
    plan = load_plan(suite)
    tags = tags_of(plan, plan.run(job.name))
    with watched(job.folder, resolved_params(job), tags, plan.suite.machine.sample_seconds) as watch:
        return train(job, watch)


@app.command()
def train(run: str, suite: SuiteName = "mini", gpus: Gpus = None, log: Log = None) -> None:
    """Train a run, or go on with it where it was interrupted."""
    with stage(f"training {run}", log) as report:
        plan = load_plan(suite)
        count = plan.suite.machine.gpus if gpus is None else gpus
        job = dataclasses.replace(training_job(plan, run), device=launch.device(count))
        report(launch.run(count, train_watched, suite, job))
