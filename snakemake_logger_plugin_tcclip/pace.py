"""How long jobs take, told by those of their rule that have ended."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection
from statistics import fmean

from tcclip.estimate.hours import SECONDS, evaluations_of, rates_of, training_of
from tcclip.plan import Plan, layout
from tcclip.process.files import json_or_nothing

TRAIN, EVALUATE = "train", "evaluate"  # the rules whose jobs make a run; the second one finishes it
LATEST = 120  # jobs of a rule that tell how fast the machine is by now: another's work on it comes and goes


class Pace:
    """Trainings and evaluations take what the plan estimates times a factor of their rule, other jobs a mean."""

    def __init__(self, plan: Plan, there: Collection[str]) -> None:
        """there: runs that have results already, whose trainings tell the factor until one has ended in this call."""
        rates = rates_of(plan)
        trained = {name: run for name, run in plan.runs.items() if run.trained}
        self.cost = {
            TRAIN: {name: training_of(plan, run, rates).hours * SECONDS for name, run in trained.items()},
            EVALUATE: {name: evaluations_of(plan, run, rates).hours * SECONDS for name, run in plan.runs.items()},
        }
        self.before = _measured_before(plan, [name for name in trained if name in there])
        self.ended: Counter[str] = Counter()  # jobs of this call by rule
        self.took: dict[str, dict[str, float]] = {TRAIN: {}, EVALUATE: {}}  # seconds of them, by run
        self.others: dict[str, list[float]] = {}  # seconds of other jobs, by rule

    def end(self, rule: str, run: str, seconds: float | None) -> None:
        """A job has ended; None where nobody saw it begin."""
        self.ended[rule] += 1
        if seconds is None:
            return
        if run:
            self.took[rule][run] = seconds
        else:
            self.others.setdefault(rule, []).append(seconds)

    def worked(self) -> float:
        """Seconds of all jobs that have ended."""
        return sum(sum(took.values()) for took in self.took.values()) + sum(map(sum, self.others.values()))

    def known(self) -> bool:
        """Whether anything tells how long runs take."""
        return any(self.took.values()) or bool(self.before)

    def of(self, rule: str, run: str) -> float:
        """Seconds of a job; `run` is empty for one that belongs to no run."""
        return self.cost[rule].get(run, 0.0) * self._slowness(rule) if run else self._of_other(rule)

    def of_waiting(self, rule: str, besides: Collection[str]) -> float:
        """Seconds of a job of a rule, where it is a run's the mean of those that have not ended, `besides` left out."""
        if rule not in self.cost:
            return self._of_other(rule)
        cost = self.cost[rule]
        waiting = [seconds for run, seconds in cost.items() if run not in self.took[rule] and run not in besides]
        return fmean(waiting or cost.values()) * self._slowness(rule)

    def _of_other(self, rule: str) -> float:
        """Seconds of a job that belongs to no run: the mean of its rule, or of all where none of its has ended."""
        return fmean(self.others.get(rule) or [s for seconds in self.others.values() for s in seconds] or [0.0])

    def _slowness(self, rule: str) -> float:
        """Seconds for each that the plan estimates: of the rule's latest jobs, or the other's where none has ended."""
        for times in ({rule: self.took[rule]}, self.took, {TRAIN: self.before}):
            latest = [
                (self.cost[of][run], took) for of, runs in times.items() for run, took in list(runs.items())[-LATEST:]
            ]
            if estimated := sum(cost for cost, _ in latest):
                return sum(took for _, took in latest) / estimated
        return 1.0


def _measured_before(plan: Plan, runs: Collection[str]) -> dict[str, float]:
    """Seconds that the trainings of runs took, of those that say it."""
    found = {}
    for name in runs:
        with contextlib.suppress(ValueError, KeyError, TypeError):  # deleted, cut off, or another's
            found[name] = float(json_or_nothing(layout.run(plan.suite.name, name) / "training.json")["seconds"])
    return found
