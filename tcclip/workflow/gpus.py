"""How Snakemake counts the GPUs of this machine, and lets its jobs share them (`process.cards`).

A job's resource `gpu` is what its command is told: a number, or `auto`, a GPU if there is one that works. Snakemake can
count numbers alone, and ends where a word meets a limit. So jobs of `auto` have a resource of their own to be counted.
"""

from __future__ import annotations

import os
from typing import Any

from tcclip.process import cards
from tcclip.process.launch import AUTO, GpuCount
from tcclip.workflow.snakefile import mistakes_in_a_sentence

LIMIT = "gpu"  # the resource that a person limits: --resources gpu=N
COUNTED = "auto_gpu"


def one_card(count: GpuCount) -> int | None:
    """The resource `auto_gpu` of a job of so many GPUs: the card that it may find; None, which is no resource, else."""
    return 1 if count == AUTO else None


def limit_what_is_counted(workflow: Any, count: GpuCount) -> None:
    """Make the limit of GPUs that a person has set one of the resource that the jobs of a suite are counted by.

    `count` is the suite's `machine.gpus`. Snakemake has no way to take a limit away.
    """
    limits = workflow.global_resources
    if workflow.is_main_process and count == AUTO and LIMIT in limits:
        limits[COUNTED] = limits[LIMIT].value
        workflow.global_resources = type(limits)({name: limits[name] for name in limits if name != LIMIT})


def share_gpus(workflow: Any, count: GpuCount) -> None:
    """Give each job on this machine's GPUs cards of its own, and start no more of them than there are cards.

    `count` is the suite's `machine.gpus`. `--resources gpu=N` lets the jobs have the first N. A cluster tells each job
    its cards, also where the login node has some. What jobs run where is known when Snakemake starts them, and not when
    it reads the Snakefile.
    """
    os.environ.pop(cards.FOLDER, None)
    there = cards.on_this_machine()
    if not (there and workflow.local_exec):
        return
    counted = COUNTED if count == AUTO else LIMIT
    shared = there[: workflow.global_resources.get(counted).value]
    if shared:
        with mistakes_in_a_sentence():
            cards.share(shared)
    else:
        os.environ[cards.VISIBLE] = ""  # --resources gpu=0
    asked = (job.resources.get(counted) for job in workflow.dag.needrun_jobs())
    # A job that asks for more than there are is let through, and says so itself (`cards.take`).
    number = max(len(shared), *(number for number in asked if isinstance(number, int)), 0)
    for limits in (workflow.scheduler.global_resources, workflow.scheduler.resources):
        limits[counted] = number
