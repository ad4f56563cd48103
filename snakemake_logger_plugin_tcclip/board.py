"""How far the suite's runs and tables are while Snakemake works, and how long the rest will take."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tcclip.estimate.hours import estimate_of, rates_of
from tcclip.plan import Plan, layout
from tcclip.process.files import read_json

TRAIN, EVALUATE = "train", "evaluate"  # the rules whose jobs make a run; the second one finishes it


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
        rates = rates_of(plan)
        self.cost = {name: estimate_of(plan, run, rates).hours for name, run in plan.runs.items()}  # ratios are used
        # Looked for once, and then known from the jobs: with 1,500 runs, looking after every job took most of a core.
        self.there = {name for name in plan.runs if self._has_results(name)}
        self.before = self._measured_before()
        self.queued = queued
        self.jobs: dict[int, Job] = {}  # that have been started and have not ended
        self.failed: dict[str, str] = {}  # what failed and has not been tried again -> its rule
        self.done: set[str] = set()  # runs finished in this call
        self.seconds: dict[str, float] = {}  # of the jobs of a run that have ended in this call
        self.others: list[float] = []  # seconds of the other jobs that have ended

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
        took = self.clock() - ended.began if ended and ended.began is not None else None
        if not run:
            self.others.append(took or 0.0)
            return False
        if took is not None:
            self.seconds[run] = self.seconds.get(run, 0.0) + took
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
        """Time to the end of the call, from what finished runs took, of this call or before; None without any."""
        counts = self.counts()
        runs_left = counts["running"] + counts["left"]
        others_left = sum(self.planned.values()) - self._planned_of_runs() - len(self.others)
        work = others_left * _mean(self.others)
        if runs_left:
            times = {run: self.seconds[run] for run in self.done if run in self.seconds} or self.before
            if not times:
                return None
            slowness = sum(times.values()) / sum(self.cost[run] for run in times)
            waiting = [cost for run, cost in self.cost.items() if run not in self.done and run not in self.there]
            work += runs_left * _mean(waiting or list(self.cost.values())) * slowness
            work -= sum(self.clock() - job.began for job in self._running() if job.run and job.began is not None)
        under_way = sum(self.clock() - job.began for job in self._running() if job.began is not None)
        done = sum(self.seconds.values()) + sum(self.others)
        at_once = max(1.0, (done + under_way) / max(self.clock() - self.began, 1e-9))
        return max(work, 0.0) / at_once

    def look(self) -> None:
        """See which jobs of a queue have begun: those whose log is there, or another one than before."""
        for job in list(self.jobs.values()):
            if job.began is None and job.log and _changed(job.log) not in (None, job.written):
                job.began = self.clock()

    def _running(self) -> list[Job]:
        return [job for job in list(self.jobs.values()) if job.began is not None]

    def _measured_before(self) -> dict[str, float]:
        """Seconds that the trainings took whose runs have results already, of those that say it."""
        found = {}
        for name, run in self.plan.runs.items():
            if run.trained and name in self.there:
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # deleted, or another's
                    found[name] = float(read_json(layout.run(self.plan.suite.name, name) / "training.json")["seconds"])
        return found

    def _last_rule(self) -> str:
        """The rule whose job finishes a run: the evaluation, or the training where only trainings were asked for."""
        return EVALUATE if self.planned.get(EVALUATE) else TRAIN

    def _planned_of_runs(self) -> int:
        return self.planned.get(TRAIN, 0) + self.planned.get(EVALUATE, 0)

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


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
