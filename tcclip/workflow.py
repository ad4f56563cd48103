"""What the Snakefile needs besides the plan: checks with clear errors, wildcard constraints, and readable settings."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tcclip import fingerprint, stages
from tcclip.errors import UserError, unknown
from tcclip.plan import Plan, load_plan

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


def check_targets(arguments: Sequence[str], plan: Plan, rules: Iterable[str]) -> None:
    """A mistyped target (`snakemake tabel3`) ends Snakemake with the nearest valid one, before it builds the DAG."""
    known = {"tables", "frames", "trainings", "mlflow", "report", *plan.tables}
    for word in arguments:
        is_name = re.fullmatch(r"[a-z]\w*", word) and word not in known and word not in rules
        if is_name and difflib.get_close_matches(word, known, n=1, cutoff=0.7):
            sys.exit(f"Error: {unknown('target', word, known)}")


def code(stage: str, *more: str) -> str:
    """The fingerprint of a stage's code and of `more` modules."""
    return fingerprint.code(stages.CODE[stage], *more)


def constraint(values: Iterable[str]) -> str:
    """A wildcard that matches exactly `values`, and nothing if there are none."""
    return "|".join(re.escape(value) for value in sorted(values)) or "(?!)"


def settings(values: Mapping[str, Any]) -> list[str]:
    """Settings as `key=value` lines, so that Snakemake's reason for a re-run shows the one that changed."""
    return [f"{key}={value}" for key, value in values.items()]
