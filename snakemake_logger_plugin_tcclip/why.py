"""Why a dry run would make what it would make: its jobs, put together by what has brought them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

SHOWN = 3  # jobs of a cause, and values of a job, that are named
FOLLOWS = "Input files updated by another job"  # said of what only follows from another job
MISSING, PARAMS = "is not there", "other params"
WORDS = {  # what stands in a reason of Snakemake's -> what is said for it
    "Missing output files": MISSING,
    "Incomplete output files": "was interrupted",
    "Updated input files": "newer inputs",
    "Set of input files has changed": "more, fewer or other inputs",
    "Code has changed": "another rule",
    "Params have changed": PARAMS,
    "Software environment definition has changed": "another environment",
    "Forced execution": "forced",
}
LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""  # of Python, which may have the other quotes in it
VALUE = re.compile(rf"({LITERAL})|([0-9a-f]{{16}})")
VALUES = re.compile(  # in a reason with other params
    rf"across all output: before: ((?:{LITERAL}|[^'\"])*?) now: ((?:{LITERAL}|[^'\";])*)", re.DOTALL
)
HASHED = {"printed": "names, descriptions or sources to print"}  # keys whose value is a hash -> what it is of
LONG = 60  # characters of a setting that is named without its value
FINGERPRINT = re.compile(r"[0-9a-f]{16}")  # of code


def why(jobs: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each cause, with how many jobs it has and the first of them; the jobs that only follow are counted."""
    found: dict[str, list[str]] = {}
    follow = 0
    for job in jobs:
        if cause := cause_of(str(job.get("reason") or "")):
            found.setdefault(cause, []).append(str(job.get("rule_msg") or job.get("rule_name")))
        else:
            follow += 1
    lines = [f"  {cause} ({len(names)}): {_some(sorted(names))}" for cause, names in found.items()]
    lines += [f"  and {follow} that follow from these"] if follow and lines else []
    return ["Why:", *lines] if lines else []


def cause_of(reason: str) -> str:
    """What has brought a job, without the names of files; nothing where it only follows from another one."""
    causes = [words for begins, words in WORDS.items() if begins in reason]
    if FOLLOWS in reason and causes in ([], [MISSING]):
        return ""
    return ", ".join(_changed(reason) if cause == PARAMS else cause for cause in causes)


def _changed(reason: str) -> str:
    """The params that differ, of which Snakemake names all that a rule lists with them."""
    values = VALUES.search(reason)
    if values is None:
        return PARAMS
    before, now = map(_values, values.groups())
    gone, new = sorted(before - now), sorted(now - before)
    if all(map(FINGERPRINT.fullmatch, (*gone, *new))):
        return "other code" if gone or new else PARAMS
    named = dict.fromkeys(f"other {name}" for value in (*gone, *new) if (name := _name_alone(value)))
    told = [[v for v in side if not FINGERPRINT.fullmatch(v) and not _name_alone(v)] for side in (gone, new)]
    if any(told):
        named[f"{PARAMS}, {_some(told[0]) or 'none'} before and {_some(told[1]) or 'none'} now"] = None
    return ", ".join(named)


def _values(text: str) -> set[str]:
    """The values in Python's notation of them."""
    return {ast.literal_eval(quoted) if quoted else bare for quoted, bare in VALUE.findall(text)}


def _name_alone(value: str) -> str:
    """What a setting is called whose value tells a person nothing; empty where it tells something."""
    key, equals, _ = value.partition("=")
    if not equals or (len(value) <= LONG and key not in HASHED):
        return ""
    return HASHED.get(key, key)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
