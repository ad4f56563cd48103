"""The chain of a table's cell: value, evaluations, runs, and all that each run comes from, as the folders tell it.

A fact is a title and a text; a fact without a title goes on with the one before.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tcclip.plan import Cell, Evaluation, Plan, layout
from tcclip.reporting import run_origin

Fact = tuple[str, str]
LARGE = 16_000_000  # bytes of weights: a page names hundreds of runs, and reading all of theirs would take minutes


@dataclass(frozen=True)
class Today:
    """How things are on the day when somebody asks: beside what a run's folder says, which stays true."""

    link: str = ""  # to the run in MLflow, or how to get one
    changed: Sequence[run_origin.ChangedValue] = ()  # values that params/ says otherwise
    fingerprints: Mapping[str, str] = field(default_factory=dict)  # of code and data; empty where data are not there


def title_of(plan: Plan, cell: Cell) -> str:
    """Which cell it is."""
    return f"{cell.table}, {cell.group + ', ' if cell.group else ''}{cell.row}, {cell.column}, suite {plan.suite.name}"


def value_of(plan: Plan, cell: Cell, line: Any) -> Fact:
    """What its table shows: `line` has the names of `cells.COLUMNS`, None where the table has no such cell."""
    path = layout.table(plan.suite.name, cell.table)
    if line is None or line.source != "measured":
        return "value", f"{'empty' if line is None or not line.source else line.source} in {path}"
    spread = "" if pd.isna(line.std) else f" ± {line.std:.2f}"
    seeds = "" if pd.isna(line.std_seeds) else f", deviation over {line.n_seeds} seeds {line.std_seeds:.2f}"
    interval = "" if pd.isna(line.low) else f", interval {line.low:.2f} to {line.high:.2f}"
    return "value", f"{line.value:.2f}{spread} ({line.n_videos} videos){seeds}{interval}, {path}"


def evaluation_facts(plan: Plan, evaluation: Evaluation, metric: str, code_now: str | None = None) -> Iterator[Fact]:
    """What came out of an evaluation, and what made it; `code_now` is its code's fingerprint today."""
    found = run_origin.evaluated(layout.run(plan.suite.name, evaluation.run), evaluation.name)
    yield "", f"{evaluation.run}  {evaluation.name}: {_result(plan, evaluation, found, metric)}"
    if made := found.get("made_by"):
        yield "made", _fingerprint(made["code_fingerprint"], code_now)
        yield "", f"at commit {_commit(made['git'])}"


def run_facts(plan: Plan, run: str, data: Mapping[str, str], today: Today | None = None) -> Iterator[Fact]:
    """All that a run comes from.

    Args:
        data: the files behind it and their hashes, as `run_origin.hashes` gives them.
        today: what to compare it with; nothing for a text that is read on other days, and has no hash of large weights.
    """
    suite, all_hashed, today = plan.suite.name, today is not None, today or Today()
    folder = layout.run(suite, run)
    params, environment = run_origin.params_of(folder), run_origin.environment_of(folder)
    trained, clip, made = plan.run(run), _clip(plan), bool(params or environment)
    yield "folder", str(folder)
    if not made:
        yield "run", f"not made yet: {_commands(plan, run)}"
    if trained.trained:
        yield "weights", _weights(folder / "weights.safetensors", all_hashed)
        yield "starts from", trained.init.name if trained.init else clip
    else:
        yield "weights", f"those of {clip}, as they are"
    if today.link and made:
        yield "MLflow", today.link
    if made:
        yield from _params(params, trained.method)
    for item in today.changed:
        yield "stale", f"{item.key} was {_short(item.value)}, and params/ says {_short(item.default)} today"
    if params:
        yield "code", _fingerprint(params.get("code_fingerprint"), today.fingerprints.get("code_fingerprint"))
        for place in run_origin.continued(folder):
            until = f"epoch {place['epoch'] + 1}, step {place['step']}"
            yield "", f"until {until} it was trained with fingerprint {place['code_before']}"
        yield "data", _fingerprint(params.get("data_fingerprint"), today.fingerprints.get("data_fingerprint"))
    else:
        yield "data", "as they are today"
    for path, digest in data.items():
        yield "", f"{digest}  {path}"
    if made:
        yield "git commit", _commit(environment.get("git"))
        yield "machine", _machine(environment)
        yield "finished", environment.get("finished", "not known")
        yield "made by", _commands(plan, run)


def _commands(plan: Plan, run: str) -> str:
    """The commands that make a run."""
    suffix = "" if plan.suite.name == "mini" else f" --suite {plan.suite.name}"
    training = [f"tcclip train {run}{suffix}"] if plan.run(run).trained else []
    return " && ".join([*training, f"tcclip evaluate {run}{suffix}"])


def made_again(plan: Plan, cell: Cell, grouped: bool) -> str:
    """The command that makes a cell's runs again; `grouped`: other groups have such a row, too."""
    config = ("" if plan.suite.name == "mini" else f" --suite {plan.suite.name}") + (
        f" --seeds {plan.seeds}" if plan.seeds else ""
    )
    named = f" --group {_quoted(cell.group)}" if grouped else ""
    return f"tcclip reproduce {cell.table} {_quoted(cell.row)} {shlex.quote(cell.column)}{named}{config}"


def _quoted(name: str) -> str:
    """A name for the shell, always in quotes; MAXI's labels have one of their own."""
    return shlex.quote(name) if "'" in name else f"'{name}'"


def _result(plan: Plan, evaluation: Evaluation, found: Mapping[str, Any], metric: str) -> str:
    if not found:
        return "not there yet"
    predictions = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
    return f"{metric} {found[metric]:.2f} % of {found['n_videos']} videos, {predictions}"


def _weights(path: Path, hashed: bool) -> str:
    if not path.is_file():
        return "not there yet"
    size = path.stat().st_size
    if hashed or size < LARGE:
        return f"sha256 {run_origin.whole_hash(path)}"
    return f"{size / 1e6:,.0f} MB, whose sha256 `tcclip explain` says"


def _clip(plan: Plan) -> str:
    weights = layout.backbone(plan.suite.backbone.name) / "weights.safetensors"
    return f"{weights}, sha256 {run_origin.whole_hash(weights)}" if weights.is_file() else f"{weights}, not there"


def _params(params: dict[str, Any], method: str) -> Iterator[Fact]:
    if not params:
        yield "params", f"those of method {method}; nothing was trained"
        return
    found = run_origin.defaults_or_nothing(params)
    if found is None:
        yield "params", "its method or protocol is not in params/ any more: see params.yaml in its folder"
        return
    yield "params", f"those of method {method}" + (", but" if found else "")
    for item in found:
        yield "", f"{item.key} = {_short(item.value)}  ({item.where}: {_short(item.default)})"


def _fingerprint(then: str | None, now: str | None) -> str:
    if now is None:
        return f"fingerprint {then}"
    same = "the same today" if now == then else f"today {now}" if now else "today incomplete"
    return f"fingerprint {then}, {same}"


def _commit(git: Mapping[str, Any] | None) -> str:
    if not git:
        return "not known: it was made outside a git checkout"
    if not git["commit"]:
        return f"not known: {git.get('why_not', 'git did not answer')}"
    return f"{git['commit']} ({'files differed from it' if git.get('dirty') else 'no file differed from it'})"


def _machine(environment: Mapping[str, Any]) -> str:
    if not environment:
        return "not there yet"
    used = f"{environment['device']} with {environment['threads']} thread(s)"
    versions = f"Python {environment['python']}, torch {environment['torch']}"
    return f"{environment['cpu']}, {used}, {versions}, {environment['platform']}"


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)
