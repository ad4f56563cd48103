"""What the Snakefile needs besides the plan: checks with clear errors, wildcard constraints, and readable settings."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tcclip.data.manifest import take_notice
from tcclip.errors import UserError, unknown
from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process import git
from tcclip.process.handover import SOCKET
from tcclip.provenance.restore import restore
from tcclip.tracking import address, question
from tcclip.workflow.cluster import tell_why_groups_fail
from tcclip.workflow.warm_start import server_for_jobs

CONFIG_KEYS = ("suite", "seeds")
JOBS, SECONDS = 100, 1  # Snakemake's own limit: so many jobs may start in so many seconds


class Rule(Protocol):
    """What is asked of a rule of Snakemake."""

    name: str

    def has_wildcards(self) -> bool:
        """Whether it makes more than one thing."""


def plan_or_exit(config: Mapping[str, Any], restored: bool) -> Plan:
    """The plan of `--config suite=...`, with its `seeds=...`; a mistake in params ends Snakemake with one sentence.

    With `restored`, what `dvc pull` brought is taken over first, and exchanged videos are noticed.
    """
    try:
        for key in config:
            if key not in CONFIG_KEYS:
                raise unknown("config key", key, CONFIG_KEYS)
        address.tracking_uri()
        seeds = config.get("seeds")  # a number, which may be 0, or text
        plan = plan_with_seeds(str(config.get("suite", "mini")), "" if seeds is None else str(seeds))
        if restored:
            restore(plan.suite.name)
            notice_exchanged(plan)
        return plan
    except UserError as error:
        sys.exit(f"Error: {error}")


def notice_exchanged(plan: Plan) -> None:
    """Broken videos that have been exchanged since the scan make their datasets' shards out of date."""
    for name, dataset in plan.datasets.items():
        parts = [layout.shard(name, number)[1] for number in range(dataset.frames.shards)]
        exchanged = take_notice(layout.raw(name), layout.manifest(name), layout.broken(name), parts)
        if exchanged:
            more = f" and {len(exchanged) - 1} others have" if len(exchanged) > 1 else " has"
            print(
                f"{name}: {exchanged[0]}{more} been exchanged since the scan and will be scanned again", file=sys.stderr
            )


def start(suite: str, workflow: Any, seeds: str = "") -> None:
    """What comes before the first job: Snakemake's scheduler, MLflow's store where it must be there, the warm server.

    Jobs of this machine start as forks of one process with the libraries loaded. A cluster's jobs must not find it,
    even on this very machine: a fork would escape the limits of its job, and the signals sent to it.
    """
    start_jobs_at_once(workflow.scheduler)
    tell_why_groups_fail(workflow.scheduler)
    tell_if_git_does_not_answer()
    if store_answers(suite):
        make_store_first()
    if workflow.local_exec:
        server_for_jobs(suite, seeds)
    else:
        os.environ.pop(SOCKET, None)


def start_jobs_at_once(scheduler: Any) -> None:
    """Let Snakemake start whatever there is a place for: without its own limit per second, and not a few at a time."""
    lift_limit(scheduler)
    fill_places(scheduler)


def lift_limit(scheduler: Any) -> None:
    """Lift Snakemake's own limit of jobs started per second; one that a person sets stays.

    With a limit every finished job leaves a timer that wakes the scheduler each second to the end, where it leaves the
    next one (snakemake issue 2967): after 800 jobs that took half of a core, and more than half an hour of this suite's
    jobs lost every tenth minute to it.
    """
    limit = scheduler.job_rate_limiter
    if limit is not None and (limit.max_jobs, limit.timespan) == (JOBS, SECONDS):
        scheduler.job_rate_limiter = None


def fill_places(scheduler: Any) -> None:
    """Look for more jobs after each that was submitted, as long as there is a place for one.

    Snakemake chooses from a few ready jobs (`scheduler-subsample`) and looks again only when a job has ended: of a
    hundred places on a cluster eight would get a training, and the others would wait for the first of these to end.
    """

    def look_again(_job: object) -> None:
        if all(scheduler.resources.get(name, 1) > 0 for name in ("_nodes", "_cores")):
            scheduler._open_jobs.release()

    if scheduler.submit_callback == scheduler._noop:  # with --immediate-submit Snakemake has one of its own
        scheduler.submit_callback = look_again


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


def check_names(plan: Plan, rules: Iterable[Rule]) -> None:
    """A table, which is a target, that is called like one of the `rules` ends Snakemake with one sentence.

    It is the table of a dataset of one's own, which has its name.
    """
    for name in {rule.name for rule in rules} & plan.tables.keys():
        where = path_of("datasets" if name in plan.datasets else "tables", name)
        sys.exit(f"Error: {where}: '{name}' is a target of snakemake already: give the file another name")


def check_targets(arguments: Sequence[str], rules: Iterable[Rule]) -> None:
    """A mistyped target (`snakemake tabel3`) ends Snakemake with the nearest valid one, before it builds the DAG."""
    known = {rule.name for rule in rules}
    asked = {rule.name for rule in rules if not rule.has_wildcards()}
    for word in arguments:
        is_name = re.fullmatch(r"[a-z]\w*", word) and word not in known
        if is_name and difflib.get_close_matches(word, asked, n=1, cutoff=0.7):
            sys.exit(f"Error: {unknown('target', word, asked)}")


def constraint(values: Iterable[str]) -> str:
    """A wildcard that matches exactly `values`, and nothing if there are none."""
    return "|".join(re.escape(value) for value in sorted(values)) or "(?!)"


def typed_seeds(seeds: str) -> str:
    """The option of a command that has to know which seeds there are; those of one run have them in its name."""
    return f"--seeds {shlex.quote(seeds)}" if seeds else ""


def settings(values: Mapping[str, Any]) -> list[str]:
    """Settings as `key=value` lines, so that Snakemake's reason for a re-run shows the one that changed."""
    return [f"{key}={value}" for key, value in values.items()]


def growing(amount: int, most: int = 10) -> Callable[[object, int], int]:
    """A resource of which a job gets `amount`, and once more as much when it is tried again, up to `most` times."""
    return lambda _wildcards, attempt: amount * min(attempt, most)
