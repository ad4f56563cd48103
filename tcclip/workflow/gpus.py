"""How Snakemake counts the GPUs of this machine, and lets its jobs share them (`process.cards`).

A job's resource `gpu` is what its command is told: a number, or `auto`, a GPU if there is one that works. Snakemake can
count numbers alone, and ends where a word meets a limit. So jobs of `auto` have a resource of their own to be counted.
"""

from __future__ import annotations

from typing import Any

from tcclip.process import cards
from tcclip.process.launch import AUTO, GpuCount

LIMIT = "gpu"  # the resource that a person limits: --resources gpu=N
COUNTED = "auto_gpu"


def one_card(count: GpuCount) -> int | None:
    """The resource `auto_gpu` of a job of so many GPUs: the card that it may find; None, which is no resource, else."""
    return 1 if count == AUTO else None


def share_gpus(workflow: Any, count: GpuCount) -> None:
    """Give each job on this machine's GPUs cards of its own, and start no more of them than there are cards.

    `count` is the suite's `machine.gpus`. `--resources gpu=N` lets them have the first N. On a cluster each job is told its cards.
    """
    if not workflow.is_main_process:
        return
    counted = COUNTED if count == AUTO else LIMIT
    _count_as(counted, workflow)
    there = cards.on_this_machine()
    if not (there and workflow.local_exec):
        return
    number = workflow.global_resources.setdefault(counted, len(there)).value
    if not workflow.dryrun:
        cards.share(there[:number])


def _count_as(counted: str, workflow: Any) -> None:
    """Make the limit that a person has set one of the resource `counted`; Snakemake has no way to take one away."""
    limits = workflow.global_resources
    if counted != LIMIT and LIMIT in limits:
        limits[counted] = limits[LIMIT].value
        workflow.global_resources = type(limits)({name: limits[name] for name in limits if name != LIMIT})
