"""A run of another seed than the plan's: its name says all that there is to know of it."""

from __future__ import annotations

from dataclasses import replace

from tcclip.plan.plan import Plan
from tcclip.plan.runs import SEED, Run, with_initial


def with_run(plan: Plan, name: str) -> Plan:
    """The plan in which a run can be found by its name, whatever its seed.

    Where the plan has the run, or knows no such run of any seed, it is the plan itself; else that of this run alone,
    evaluated on what the same of another seed is evaluated on. So a job that trains one needs no word of the seeds that
    somebody has typed for the whole.
    """
    seed = SEED.search(name)
    if name in plan.runs or seed is None or seed[1] != str(int(seed[1])):
        return plan
    stem = SEED.sub("", name)
    like = next((run for run in plan.runs.values() if run.trained and run.apart_from_seed == stem), None)
    if like is None:
        return plan
    run = _of_seed(like, int(seed[1]))
    asked = [replace(e, run=name, seed=run.seed) for e in plan.evaluations(like.name) if not e.last]
    return Plan(plan.suite, {}, {}, dict(with_initial(run)), plan.changes, tuple(asked))


def _of_seed(run: Run, seed: int) -> Run:
    """The same with another seed, as `runs.run_for` makes it."""
    init = _of_seed(run.init, seed) if run.init else None
    return replace(run, name=SEED.sub(f"-s{seed}", run.name), seed=seed, init=init)
