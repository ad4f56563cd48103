"""What the warm server has ready for its forks: the libraries of all jobs, and what all jobs would work out."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil

from tcclip.errors import UserError
from tcclip.params.kinds.axes import AXES
from tcclip.params.reader import versions
from tcclip.plan import Plan, load_plan, plan_with_seeds
from tcclip.stages import all_stages, fingerprint

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def load(suite: str, seeds: str = "") -> object:
    """Import what the jobs import, and work out what all of them ask for: the plans of `suite`, hashes, the commands.

    Returns the versions of params that the plans are of.
    """
    planned = versions()  # before the plan, so that a change while it is made is noticed
    plans = _plans(suite, seeds)
    for plan in plans:
        # What Snakemake tells each job, which libraries read when they are imported; torch's are set by the job itself.
        os.environ.update(dict.fromkeys(THREADS, str(plan.suite.machine.threads)))
    importlib.import_module("tcclip.cli.app")
    stages = all_stages()
    for stage in vars(stages).values():
        for name in getattr(stage, "HEAVY", ()):
            importlib.import_module(name)
    for package in map(importlib.import_module, AXES.values()):  # a job imports those of its method
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(Exception):  # the job that needs it says it
                importlib.import_module(module.name)
    for job in (stages.train, stages.evaluate):  # they record it; it is of the code that was just loaded
        fingerprint.code(*job.CODE, *AXES.values())
    importlib.import_module("tcclip.process.environment").software()
    importlib.import_module("tcclip.cli.app").command_line()
    with contextlib.suppress(UserError, ImportError):  # each job says it
        for plan in plans:
            plan.prepare()
            if not all(file.exists() for file in stages.tokens.outputs(plan)):  # each job makes its texts' ids itself
                importlib.import_module("tcclip.models.tokens").tokenizer()
    return planned


def _plans(suite: str, seeds: str) -> set[Plan]:
    """The plans that jobs of a suite ask for; none where something is wrong, which each job says."""
    with contextlib.suppress(UserError, ImportError):
        return {load_plan(suite), plan_with_seeds(suite, seeds)}
    return set()
