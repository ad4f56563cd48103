"""What the two jobs of a run do in a cluster's job that they share (`groups` in the profile), and not on one machine.

Snakemake gives the cluster's job the sum of both times, and takes both jobs for failed if one is. So a training ends
within its own time, and what it has finished survives an evaluation that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcclip.plan import Plan, layout

WARNING = 120  # seconds before its time is over in which a training is told to write its state; of short ones a quarter
Words = Callable[[Any, Any], str]  # of wildcards and resources: what depends on resources makes no result out of date


def within_its_time(workflow: Any) -> Words:
    """What stands before the command of a training on a cluster, so that it ends before its `runtime` does."""

    def words(_wildcards: Any, resources: Any) -> str:
        if not workflow.remote_exec:
            return ""
        seconds = 60 * int(resources.runtime)
        return f"timeout {seconds - min(WARNING, seconds // 4)}"

    return words


def kept_for_evaluation(workflow: Any) -> Words:
    """The option of a training that is evaluated in the same job: Snakemake removes its outputs if that fails."""
    return lambda _wildcards, resources: "--keep-state" if _together(workflow) else ""


def then_let_go(workflow: Any, plan: Plan) -> Words:
    """What follows such an evaluation: nothing can fail any more that would remove the training's outputs."""

    def words(wildcards: Any, resources: Any) -> str:
        return f"&& rm -f {layout.run(plan.suite.name, wildcards.run) / layout.STATE}" if _together(workflow) else ""

    return words


def _together(workflow: Any) -> bool:
    """Whether this is Snakemake inside a cluster's job that trains and evaluates."""
    return workflow.remote_exec and {"train", "evaluate"} <= set(workflow.dag_settings.allowed_rules)
