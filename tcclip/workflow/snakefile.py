"""What the Snakefile needs besides the plan: checks with clear errors, wildcard constraints, and readable settings."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tcclip.errors import UserError, unknown
from tcclip.plan import Plan, load_plan
from tcclip.provenance.restore import restore
from tcclip.stages import declared, fingerprint
from tcclip.tracking import address

CONFIG_KEYS = ("suite",)


def plan_or_exit(config: Mapping[str, Any]) -> Plan:
    """The plan of the suite in `--config suite=...`; a mistake in params ends Snakemake with one sentence."""
    try:
        for key in config:
            if key not in CONFIG_KEYS:
                raise unknown("config key", key, CONFIG_KEYS)
        return load_plan(str(config.get("suite", "mini")))
    except UserError as error:
        sys.exit(f"Error: {error}")


def restore_or_exit(suite: str) -> None:
    """Take over what DVC brought; a damaged account of it ends Snakemake with one sentence."""
    try:
        restore(suite)
    except UserError as error:
        sys.exit(f"Error: {error}")


def make_store_first() -> None:
    """Where a server gets to see trainings, its experiments are there before the first of them.

    Many jobs that make one at once lose runs. No input of the trainings: a new store would make them all stale.
    """
    if address.is_server(os.environ.get(address.VARIABLE, "")) and not address.STAMP.is_file():
        subprocess.run(["tcclip", "mlflow-store"], check=False)  # its own sentence says what is wrong


def check_targets(arguments: Sequence[str], plan: Plan, rules: Iterable[str]) -> None:
    """A mistyped target (`snakemake tabel3`) ends Snakemake with the nearest valid one, before it builds the DAG."""
    known = {"tables", "videos", "splits", "frames", "trainings", "mlflow", "report", *plan.tables}
    for word in arguments:
        is_name = re.fullmatch(r"[a-z]\w*", word) and word not in known and word not in rules
        if is_name and difflib.get_close_matches(word, known, n=1, cutoff=0.7):
            sys.exit(f"Error: {unknown('target', word, known)}")


def code(stage: str, *more: str) -> str:
    """The fingerprint of a stage's code and of `more` modules."""
    return fingerprint.code(declared.CODE[stage], *more)


def constraint(values: Iterable[str]) -> str:
    """A wildcard that matches exactly `values`, and nothing if there are none."""
    return "|".join(re.escape(value) for value in sorted(values)) or "(?!)"


def settings(values: Mapping[str, Any]) -> list[str]:
    """Settings as `key=value` lines, so that Snakemake's reason for a re-run shows the one that changed."""
    return [f"{key}={value}" for key, value in values.items()]


def growing(amount: int, most: int = 100) -> Callable[[object, int], int]:
    """A resource of which a job gets `amount`, and once more as much when it is tried again, up to `most` times."""
    return lambda _wildcards, attempt: amount * min(attempt, most)
