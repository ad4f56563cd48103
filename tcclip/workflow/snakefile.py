"""What the Snakefile needs besides the plan: checks with clear errors, wildcard constraints, and readable settings."""

from __future__ import annotations

import contextlib
import difflib
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from tcclip.errors import UserError, unknown
from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process.system_faults import sentence_of
from tcclip.provenance.restore import restore
from tcclip.tracking import address

CONFIG_KEYS = ("suite", "seeds")


class SnakemakeRule(Protocol):
    """What is asked of a rule of Snakemake."""

    name: str

    def has_wildcards(self) -> bool:
        """Whether it makes more than one thing."""


@contextlib.contextmanager
def mistakes_in_a_sentence() -> Iterator[None]:
    """A UserError in the block, or what the system refuses there, ends Snakemake with one sentence."""
    try:
        yield
    except UserError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        if (refused := sentence_of(error)) is None:
            raise
        sys.exit(f"Error: {refused}")


def plan_or_exit(config: Mapping[str, Any], restored: bool) -> Plan:
    """The plan of `--config suite=...`, with its `seeds=...`; a mistake in params ends Snakemake with one sentence.

    With `restored`, what `dvc pull` brought is taken over first.
    """
    with mistakes_in_a_sentence():
        for key in config:
            if key not in CONFIG_KEYS:
                raise unknown("config key", key, CONFIG_KEYS)
        address.tracking_uri()
        seeds = config.get("seeds")  # a number, which may be 0, or text
        plan = plan_with_seeds(str(config.get("suite", "mini")), "" if seeds is None else str(seeds))
        plan.prepare()
        if restored:
            restore(plan.suite.name)
    return plan


def check_names(plan: Plan, rules: Iterable[SnakemakeRule]) -> None:
    """A table, which is a target, that is called like one of the `rules` ends Snakemake with one sentence.

    It is the table of a dataset of one's own, which has its name.
    """
    for name in {rule.name for rule in rules} & plan.tables.keys():
        where = path_of("datasets" if name in plan.datasets else "tables", name)
        sys.exit(f"Error: {where}: '{name}' is a target of snakemake already: give the file another name")


def check_targets(targets: Iterable[str], rules: Iterable[SnakemakeRule]) -> None:
    """A mistyped target (`snakemake tabel3`) ends Snakemake with the nearest valid one, before it builds the DAG."""
    known = {rule.name for rule in rules}
    asked = {rule.name for rule in rules if not rule.has_wildcards()}
    for word in sorted(targets):
        is_name = re.fullmatch(r"[a-z]\w*", word) and word not in known
        if is_name and difflib.get_close_matches(word, asked, n=1, cutoff=0.7):
            sys.exit(f"Error: {unknown('target', word, asked)}")


def check_runs(targets: Iterable[str], plan: Plan) -> None:
    """A file of a run that there is not (`runs/mini/RUN/metrics.json`) ends Snakemake with the nearest run."""
    folder = layout.runs(plan.suite.name).parts
    with mistakes_in_a_sentence():
        for parts in (Path(target).parts for target in targets):
            if parts[: len(folder)] == folder and len(parts) > len(folder):
                plan.run(parts[len(folder)])


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
