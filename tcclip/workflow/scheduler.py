"""Snakemake's scheduler, made to start whatever there is a place for."""

from __future__ import annotations

from typing import Any

JOBS, SECONDS = 100, 1  # Snakemake's own limit: so many jobs may start in so many seconds


def start_jobs_at_once(scheduler: Any) -> None:
    """Let Snakemake start whatever there is a place for: without its own limit per second, and not a few at a time."""
    lift_limit(scheduler)
    fill_places(scheduler)


def lift_limit(scheduler: Any) -> None:
    """Lift Snakemake's own limit of jobs started per second; one that a person sets stays.

    With a limit every finished job leaves a timer that wakes the scheduler each second to the end, where it leaves the
    next one (snakemake issue 2967): after 800 jobs that took half of a core, and more than half an hour of this suite's
    jobs lost every tenth minute to it.
    """
    limit = scheduler.job_rate_limiter
    if limit is not None and (limit.max_jobs, limit.timespan) == (JOBS, SECONDS):
        scheduler.job_rate_limiter = None


def fill_places(scheduler: Any) -> None:
    """Look for more jobs after each that was submitted, as long as there is a place for one.

    Snakemake chooses from a few ready jobs (`scheduler-subsample`) and looks again only when a job has ended: of a
    hundred places on a cluster eight would get a training, and the others would wait for the first of these to end.
    """

    def look_again(_job: object) -> None:
        if all(scheduler.resources.get(name, 1) > 0 for name in ("_nodes", "_cores")):
            scheduler._open_jobs.release()

    if scheduler.submit_callback == scheduler._noop:  # with --immediate-submit Snakemake has one of its own
        scheduler.submit_callback = look_again
