"""From the plan to a training: a run's name becomes everything that its training needs."""

from __future__ import annotations

from tcclip.data.splits.tables import read_classes
from tcclip.errors import UserError
from tcclip.plan import Plan, layout
from tcclip.stages import declared, fingerprint
from tcclip.training.job import TrainingJob


def training_job(plan: Plan, name: str) -> TrainingJob:
    """The training of run `name`."""
    run = plan.run(name)
    if run.role is None or run.seed is None:
        raise UserError(f"run '{name}' is an untrained method: it is only evaluated (`tcclip evaluate {name}`)")
    dataset = plan.dataset(run.role)
    protocol = plan.training_protocol(run)
    split = plan.train_split(run)
    classes = declared.class_file(plan.method(run.method), dataset, split)
    inputs = declared.training_inputs(plan, run)
    machine = plan.suite.machine
    return TrainingJob(
        name=run.name,
        method=plan.method(run.method),
        protocol=protocol,
        seed=run.seed,
        class_names=read_classes(classes),
        train_list=layout.split(dataset.name, split),
        validation_list=layout.split(dataset.name, protocol.validation.split),
        frames=layout.frames(dataset.name),
        backbone=layout.backbone(plan.suite.backbone.name),
        folder=layout.run(plan.suite.name, run.name),
        initial=layout.run(plan.suite.name, run.init.name) / "weights.safetensors" if run.init else None,
        flip=dataset.flip,
        max_missing=dataset.max_missing,
        threads=machine.threads,
        loader_workers=machine.loader_workers,
        precision=machine.precision,
        eval_batch=machine.eval_batch,
        checkpoint=machine.checkpoint,
        tags={
            "suite": plan.suite.name,
            "protocol": run.protocol,
            "dataset": run.role,
            "method_name": run.method,
            "shots": run.shots,
            "fold": run.fold,
            "init": run.init.name if run.init else "clip",
            "code_fingerprint": fingerprint.code(declared.CODE["train"]),
            "data_fingerprint": fingerprint.data(inputs),
        },
    )
