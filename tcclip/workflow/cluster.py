"""What the two jobs of a run do in a cluster's job that they share (`groups` in the profile), and not on one machine.

Snakemake gives the cluster's job the sum of both times, and takes both jobs for failed if one is. So a training ends
within its own time, and what it has finished survives an evaluation that fails.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from tcclip.plan import Plan, layout

WARNING = 120  # seconds before its time is over in which a training is told to write its state; of short ones a quarter
SHARED = "TCCLIP_SHARED_JOB"  # in the environment of a cluster's job that trains and evaluates
CALL = "\n    sbatch call:"  # begins what follows the cluster's words in an error of Snakemake's Slurm plugin
_SUBMITTED = SimpleNamespace(is_local=False)  # any job that does not run where Snakemake does
Words = Callable[[Any, Any], str]  # of wildcards and resources: what depends on resources makes no result out of date


def within_its_time(workflow: Any) -> Words:
    """What stands before the command of a training on a cluster, so that it ends before its `runtime` does."""

    def words(_wildcards: Any, resources: Any) -> str:
        if not workflow.remote_exec:
            return ""
        seconds = 60 * int(resources.runtime)
        margin = min(WARNING, seconds // 4)
        return f"timeout --kill-after={margin - margin // 8} {seconds - margin}"

    return words


def kept_for_evaluation(workflow: Any, arguments: Sequence[str]) -> Words:
    """The option of a training that is evaluated in the same job: Snakemake removes its outputs if that fails.

    Inside the job one Snakemake knows of both and starts another one for each, which it tells by the environment.
    `arguments` are its command line, which Snakemake has written; it does not know its settings yet.
    """
    if workflow.remote_exec and {"train", "evaluate"} <= set(_values(arguments, "--allowed-rules")):
        os.environ[SHARED] = "1"
    return lambda _wildcards, resources: "--keep-state" if SHARED in os.environ else ""


def _values(arguments: Sequence[str], option: str) -> Sequence[str]:
    """What follows an option of a command line, up to the next one."""
    after = itertools.dropwhile(lambda word: word != option, arguments)
    return list(itertools.takewhile(lambda word: not word.startswith("--"), list(after)[1:]))


def then_let_go(plan: Plan) -> Words:
    """What follows such an evaluation: nothing can fail any more that would remove the training's outputs."""

    def words(wildcards: Any, resources: Any) -> str:
        return f"&& rm -f {layout.run(plan.suite.name, wildcards.run) / layout.STATE}" if SHARED in os.environ else ""

    return words


def tell_why_groups_fail(scheduler: Any) -> None:
    """Let Snakemake say what the cluster says of jobs that share a job, such as a partition that is not there.

    Of other jobs it does; `GroupJob.log_error` of Snakemake 9.27 leaves it out. What the cluster says of every try is
    said once, and without the call, which is pages long.
    """
    executor = scheduler.get_executor(_SUBMITTED)
    tell, told = executor.print_job_error, set()

    def print_job_error(job_info: Any, msg: str | None = None, **more: Any) -> None:
        said = msg and msg.partition(CALL)[0].strip()
        tell(job_info, said, **more)
        if said and job_info.job.is_group() and said not in told:
            logging.getLogger("snakemake.logging").error(said)
            told.add(said)

    executor.print_job_error = print_job_error
