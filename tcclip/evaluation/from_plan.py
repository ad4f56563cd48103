"""From the plan to evaluations: a run's name becomes everything that its evaluations need."""

from __future__ import annotations

from tcclip import layout
from tcclip.evaluation.run import EvaluationJob, Subject
from tcclip.plan import Plan


def evaluation_jobs(plan: Plan, name: str) -> tuple[Subject, list[EvaluationJob]]:
    """Run `name` (or an untrained method) and everything it is evaluated on."""
    run = plan.run(name)
    suite, machine = plan.suite, plan.suite.machine
    protocol = plan.protocol(run.protocol)
    folder = layout.run(suite.name, run.name)
    subject = Subject(
        name=run.name,
        method=plan.method(run.method),
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
