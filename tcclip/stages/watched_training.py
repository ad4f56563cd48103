"""A training that a server gets to see. Apart from `training` and `tracking`, which do not know each other."""

from __future__ import annotations

from tcclip.plan import load_plan
from tcclip.process import distributed
from tcclip.tracking.description import tags_of
from tcclip.tracking.live import watched
from tcclip.training.job import TrainingJob, resolved_params
from tcclip.training.loop import train


def train_watched(suite: str, job: TrainingJob) -> str:
    """Train a run of the suite, seen by a server while it happens; of several processes the first one tells it."""
    if not distributed.main():
        return train(job)
    plan = load_plan(suite)
    tags = tags_of(plan, plan.run(job.name))
    with watched(job.folder, resolved_params(job), tags, plan.suite.machine.sample_seconds) as watch:
        return train(job, watch)
