"""What comes before the first job, when Snakemake knows its task, which it does not while it reads the Snakefile.

First, before it looks at files: mistyped targets, videos that have been exchanged, and runs that other params have made
than it remembers. Then, when it starts jobs: its scheduler, MLflow's store where it must be there, the warm server.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tcclip.data.manifest import take_notice
from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout
from tcclip.process import git
from tcclip.process.handover import SOCKET
from tcclip.process.launch import AUTO
from tcclip.provenance.snakemake_metadata import busy
from tcclip.tracking import address, question
from tcclip.workflow.cluster import tell_why_groups_fail
from tcclip.workflow.gpus import limit_what_is_counted, share_gpus
from tcclip.workflow.holder import holder
from tcclip.workflow.made_otherwise import tell_snakemake
from tcclip.workflow.owner import say_who_works
from tcclip.workflow.scheduler import start_jobs_at_once
from tcclip.workflow.snakefile import check_runs, check_targets, mistakes_in_a_sentence
from tcclip.workflow.tries import no_more_of_the_same
from tcclip.workflow.warm_start import server_for_jobs

LEFT = "a snakemake was killed in this folder and left its lock: `python -m tcclip.workflow.unlock` removes it"


def look_first(workflow: Any, plan: Plan) -> None:
    """Look at targets and videos before Snakemake looks at files: jobs that it runs itself, and dry runs alike.

    Only then does it know its targets and whether it makes anything; to lint the rules it does not come to that. One
    that makes something is alone in its folder: at its end Snakemake removes the locks of all others, and its Slurm
    plugin the folders of their logs.
    """
    limit_what_is_counted(workflow, plan.suite.machine.gpus)
    prepare = workflow._prepare_dag

    def look_and_prepare(*arguments: Any, **options: Any) -> Any:
        check_targets(workflow.dag_settings.targets, workflow.rules)
        check_runs(workflow.dag_settings.targets, plan)
        makes = workflow.executor_plugin is not None and not workflow.dryrun
        if makes and busy():
            sys.exit(f"Error: {holder() or LEFT}")
        if makes and not workflow.local_exec and plan.suite.machine.gpus == AUTO:
            path = path_of("suites", plan.suite.name)
            sys.exit(f"Error: {path}: machine.gpus: auto is a GPU of one machine's: a cluster wants a number, or 0")
        with mistakes_in_a_sentence():
            notice_exchanged(plan, write=makes)
            tell_snakemake(plan)
        if makes:
            say_who_works()
        return prepare(*arguments, **options)

    if workflow.is_main_process:
        workflow._prepare_dag = look_and_prepare


def notice_exchanged(plan: Plan, write: bool) -> None:
    """Broken videos that have been exchanged since the scan make their datasets' shards out of date.

    write: False, in a dry run, only tells them.
    """
    for name, dataset in plan.datasets.items():
        parts = [layout.shard(name, number)[1] for number in range(dataset.frames.shards)]
        exchanged = take_notice(layout.raw(name), layout.manifest(name), layout.broken(name), parts, write=write)
        if exchanged:
            more = f" and {len(exchanged) - 1} others have" if len(exchanged) > 1 else " has"
            then = " and will be scanned again" if write else "; a later run scans again (this changes nothing)"
            print(f"{name}: {exchanged[0]}{more} been exchanged since the scan{then}", file=sys.stderr)


def start(plan: Plan, workflow: Any) -> None:
    """What comes before the first job: cards, the scheduler, MLflow's store where it must be there, the warm server.

    Jobs of this machine start as forks of one process with the libraries loaded. A cluster's jobs must not find it,
    even on this very machine: a fork would escape the limits of its job, and the signals sent to it.
    """
    told = {"suite": plan.suite.name, "seeds": plan.seeds, "queued": not workflow.local_exec}
    logging.getLogger("snakemake.logging").info(f"Suite: {plan.suite.name}", extra=told)  # for the console
    share_gpus(workflow, plan.suite.machine.gpus)
    start_jobs_at_once(workflow.scheduler)
    tell_why_groups_fail(workflow.scheduler)
    no_more_of_the_same(workflow.scheduler)
    tell_if_git_does_not_answer()
    if store_answers(plan.suite.name):
        make_store_first()
    if workflow.local_exec:
        server_for_jobs(plan.suite.name, plan.seeds)
    else:
        os.environ.pop(SOCKET, None)


def tell_if_git_does_not_answer() -> None:
    """Results name the commit that made them; where they could not, a person hears it before they are made."""
    folder = Path.cwd()
    try:
        if git.in_checkout(folder):
            git.ask("rev-parse", "HEAD", folder=folder)
    except git.GitError as error:
        print(f"Warning: results will not name the commit that made them, because {error}", file=sys.stderr)


def store_answers(suite: str) -> bool:
    """Ask MLflow's store once, before the first job; without it everything is made but its view of the runs."""
    wrong = question.trouble(address.tracking_uri())
    if wrong:
        print(f"Warning: {wrong}: runs and tables are made all the same, and {question.later(suite)}", file=sys.stderr)
    return not wrong


def make_store_first() -> None:
    """Where a server gets to see trainings, its experiments are there before the first of them.

    Many jobs that make one at once lose runs. No input of the trainings: a new store would make them all stale.
    """
    if address.is_server(os.environ.get(address.VARIABLE, "")) and not address.STAMP.is_file():
        subprocess.run(["tcclip", "mlflow-store"], check=False)  # its own sentence says what is wrong
