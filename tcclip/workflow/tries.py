"""When a failed job is not tried again, though the profile's `retries` would: another try would say the same.

A training that is out of time needs many tries, and too little memory a second one. A sentence that a person has to act
on needs none: with a try of a minute and a wait in the queue, hundreds of runs would be submitted 26 times each.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

MOST = 3  # tries in a row that end with the same sentence; of two, one may have had a bad node
SENTENCE = "Error: "  # begins the last line of a stage that a person has to repair (process.console)


class Said(NamedTuple):
    """What the failed stages of a job said at its last try, and how many tries in a row have said it."""

    sentences: dict[str, str]  # log -> sentence
    written: dict[str, int]  # log -> when
    tries: int


def no_more_of_the_same(scheduler: Any) -> None:
    """Let a job fail for good when it has ended with the same sentence so often, and say whether it is tried again."""
    last: dict[Any, Said] = {}
    for executor in _executors(scheduler):
        _watch(executor, last)


def _executors(scheduler: Any) -> Iterator[Any]:
    """Those of the cluster's jobs and of the jobs that run here; on one machine they are one."""
    executors = [scheduler.get_executor(SimpleNamespace(is_local=local)) for local in (False, True)]
    yield from {id(executor): executor for executor in executors}.values()


def _watch(executor: Any, last: dict[Any, Said]) -> None:
    tell = executor.print_job_error

    def print_job_error(job_info: Any, msg: str | None = None, **more: Any) -> None:
        tell(job_info, msg, **more)
        job = job_info.job
        if job.restart_times >= job.attempt:
            said = last[job] = heard(job, last.get(job))
            logging.getLogger("snakemake.logging").warning(_answer(job, said))

    executor.print_job_error = print_job_error


def heard(job: Any, before: Said | None) -> Said:
    """What a job's logs end with after a try; a log that this try has not written says nothing."""
    sentences, written = {}, {}
    for log in map(Path, map(str, _logs(job))):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        if lines and lines[-1].startswith(SENTENCE):
            sentences[str(log)], written[str(log)] = lines[-1], log.stat().st_mtime_ns
    same = bool(sentences) and before is not None and before.sentences == sentences and before.written != written
    return Said(sentences, written, before.tries + 1 if same and before else 1)


def _logs(job: Any) -> list[Any]:
    return [log for each in (job.jobs if job.is_group() else [job]) for log in each.log]


def _answer(job: Any, said: Said) -> str:
    """Give a job up, or not; what a person is told of it."""
    if said.tries < MOST:
        return f"    tried again, {job.attempt + 1} of {job.restart_times + 1} times at most"
    job._attempt = job.restart_times + 1  # not `attempt`, which would work out other resources than it has to give back
    return f"    not tried again, as {said.tries} tries have said the same; after the repair the same command goes on"
