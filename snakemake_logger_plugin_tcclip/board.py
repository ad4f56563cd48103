"""How far the suite's runs and tables are while Snakemake works, and how long the rest will take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from snakemake_logger_plugin_tcclip.pace import EVALUATE, TRAIN, Pace
from tcclip.plan import Plan, layout


class Filled(NamedTuple):
    """A table: how many of its runs have numbers."""

    table: str
    done: int
    runs: int


@dataclass
class Job:
    """A job that Snakemake has started, or put into a cluster's queue."""

    rule: str
    run: str  # empty for one that belongs to no run
    log: Path | None
    written: float | None  # when that was changed before
    began: float | None  # None while it waits in a queue


class Board:
    """Jobs of one call of Snakemake, by what they are about. Times are seconds of the clock that is handed in."""

    def __init__(
        self,
        plan: Plan,
        planned: Mapping[str, int],
        clock: Callable[[], float] = time.monotonic,
        queued: bool = False,
    ) -> None:
        """planned: jobs of this call by rule; queued: jobs wait in a cluster's queue until `look` sees them."""
        self.plan, self.clock, self.began = plan, clock, clock()
        self.planned = dict(planned)
        self.runs_of = {table: set(plan.runs_of(table)) for table in plan.tables}
        # Looked for once, and then known from the jobs: with 1,500 runs, looking after every job took most of a core.
        self.there = {name for name in plan.runs if self._has_results(name)}
        self.pace = Pace(plan, self.there)
        self.queued = queued
        self.jobs: dict[int, Job] = {}  # that have been started and have not ended
        self.failed: dict[str, str] = {}  # what failed and has not been tried again -> its rule
        self.done: set[str] = set()  # runs finished in this call

    def start(self, job: int, rule: str, run: str, log: Path | None = None) -> None:
        """A job of a rule is started; `run` is empty for one that belongs to no run."""
        waits = self.queued and log is not None
        self.jobs[job] = Job(rule, run, log, _changed(log) if log else None, None if waits else self.clock())
        self.failed.pop(run or rule, None)
        self.there.discard(run)  # Snakemake removes what is made again

    def finish(self, job: int) -> bool:
        """A job has ended well; whether a run is finished by that."""
        ended = self.jobs.pop(job, None)
        rule, run = (ended.rule, ended.run) if ended else ("", "")
        self.pace.end(rule, run, self.clock() - ended.began if ended and ended.began is not None else None)
        if not run:
            return False
        if rule == EVALUATE:
            self.there.add(run)
        if rule == self._last_rule():
            self.done.add(run)
        return rule == self._last_rule()

    def fail(self, job: int) -> None:
        """A job has failed; it may be tried again."""
        failed = self.jobs.pop(job, None)
        if failed:
            self.failed[failed.run or failed.rule] = failed.rule

    def counts(self) -> dict[str, int]:
        """Runs of this call: done, running, failed, left; those in a queue are left."""
        running = {job.run for job in self._running() if job.run}
        failed = set(self.failed) & set(self.plan.runs)
        left = self.planned.get(self._last_rule(), 0) - len(self.done) - len(running) - len(failed)
        return {"done": len(self.done), "running": len(running), "failed": len(failed), "left": max(left, 0)}

    def tables(self) -> list[Filled]:
        """Every table with the number of its runs whose results are there and not about to be made anew."""
        return [Filled(table, len(runs & self.there), len(runs)) for table, runs in self.runs_of.items() if runs]

    def seconds_left(self) -> float | None:
        """Time to the end of the call, from what ended jobs took, of this call or before; None without any."""
        now = self.clock()
        ran = [(job, now - job.began) for job in list(self.jobs.values()) if job.began is not None]
        waiting = self._waiting([job for job, _ in ran])
        if (waiting[TRAIN] or waiting[EVALUATE]) and not self.pace.known():
            return None
        work = sum(max(self.pace.of(job.rule, job.run) - seconds, 0.0) for job, seconds in ran)
        busy = self.there | {job.run for job, _ in ran}
        work += sum(number * self.pace.of_waiting(rule, busy) for rule, number in waiting.items())
        worked = self.pace.worked() + sum(seconds for _, seconds in ran)
        return work / max(1.0, worked / max(now - self.began, 1e-9))

    def look(self) -> None:
        """See which jobs of a queue have begun: those whose log is there, or another one than before."""
        for job in list(self.jobs.values()):
            if job.began is None and job.log and _changed(job.log) not in (None, job.written):
                job.began = self.clock()

    def _running(self) -> list[Job]:
        return [job for job in list(self.jobs.values()) if job.began is not None]

    def _last_rule(self) -> str:
        """The rule whose job finishes a run: the evaluation, or the training where only trainings were asked for."""
        return EVALUATE if self.planned.get(EVALUATE) else TRAIN

    def _waiting(self, running: Sequence[Job]) -> Counter[str]:
        """Jobs by rule that have not begun; what has failed, and what follows from it, will not."""
        failed = Counter(self.failed.values())
        failed[EVALUATE] += failed[TRAIN]
        return Counter(self.planned) - self.pace.ended - Counter(job.rule for job in running) - failed

    def _has_results(self, run: str) -> bool:
        """Results that are older than their weights, or whose weights are gone, are about to be made anew."""
        folder = layout.run(self.plan.suite.name, run)
        metrics = _changed(folder / "metrics.json")
        if metrics is None or not self.plan.run(run).trained:
            return metrics is not None
        weights = _changed(folder / "weights.safetensors")
        return weights is not None and weights <= metrics


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
