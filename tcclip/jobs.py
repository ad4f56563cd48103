"""From the plan to jobs: a run's name becomes everything that a training or an evaluation needs."""

from __future__ import annotations

from tcclip import fingerprint, layout, stages
from tcclip.data.tables import read_classes
from tcclip.errors import UserError
from tcclip.evaluation.run import EvaluationJob, Subject
from tcclip.params import load_method
from tcclip.plan import Plan
from tcclip.training.job import TrainingJob


def training_job(plan: Plan, name: str) -> TrainingJob:
    """The training of run `name`."""
    run = plan.run(name)
    if run.role is None or run.seed is None:
        raise UserError(f"run '{name}' is an untrained method: it is only evaluated (`tcclip evaluate {name}`)")
    dataset = plan.dataset(run.role)
    protocol = plan.protocol(run.protocol)
    split = plan.train_split(run)
    classes = layout.classes(dataset.name, dataset.class_list(split))
    inputs = stages.training_inputs(plan, run)
    machine = plan.suite.machine
    return TrainingJob(
        name=run.name,
        method=load_method(run.method),
        protocol=protocol,
        seed=run.seed,
        class_names=read_classes(classes),
        train_list=layout.split(dataset.name, split),
        validation_list=layout.split(dataset.name, protocol.validation.split),
        frames=layout.frames(dataset.name),
        backbone=layout.backbone(plan.suite.backbone.name),
        folder=layout.run(plan.suite.name, run.name),
        flip=dataset.flip,
        threads=machine.threads,
        loader_workers=machine.loader_workers,
        precision=machine.precision,
        eval_batch=machine.eval_batch,
        tags={
            "suite": plan.suite.name,
            "protocol": run.protocol,
            "dataset": run.role,
            "method_name": run.method,
            "shots": run.shots,
            "code_fingerprint": fingerprint.code(stages.CODE["train"]),
            "data_fingerprint": fingerprint.data(inputs),
        },
    )


def evaluation_jobs(plan: Plan, name: str) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` (or an untrained method) and everything it is evaluated on."""
    run = plan.run(name)
    suite, machine = plan.suite, plan.suite.machine
    protocol = plan.protocol(run.protocol)
    folder = layout.run(suite.name, run.name)
    subject = Subject(
        name=run.name,
        method=load_method(run.method),
        backbone=layout.backbone(suite.backbone.name),
        weights=folder / "weights.safetensors" if run.trained else None,
        folder=folder,
        frames=protocol.frames,
        seed=protocol.seed,
        threads=machine.threads,
        loader_workers=machine.loader_workers,
        precision=machine.precision,
        eval_batch=machine.eval_batch,
    )
    jobs = []
    for evaluation in plan.evaluations(name):
        dataset = plan.dataset(evaluation.role)
        jobs.append(
            EvaluationJob(
                name=evaluation.name,
                split=layout.split(dataset.name, evaluation.split),
                classes=layout.classes(dataset.name, dataset.class_list(evaluation.split)),
                frames=layout.frames(dataset.name),
                we=evaluation.we,
                views=evaluation.views,
                out=layout.predictions(suite.name, name, evaluation.name),
            )
        )
    return subject, jobs
