"""The chain of a table's cell as text: value, evaluations, runs, and all that each run comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tcclip.errors import UserError
from tcclip.plan import Cell, Evaluation, Plan, layout
from tcclip.process.files import read_json, sha256
from tcclip.provenance import origin
from tcclip.provenance.cell import find_cell, other_groups, parts, runs_of
from tcclip.reporting.cells import read_table
from tcclip.stages import evaluate

WIDTH = 13  # characters of a line's title


def explain(plan: Plan, table: str, row: str, column: str, group: str | None = None) -> str:
    """The chain of a cell, one fact per line.

    Raises:
        UserError: no such cell, or it is not made of runs.
    """
    cell = find_cell(plan, table, row, column, group)
    runs = runs_of(plan, cell)
    if not runs:
        raise UserError(f"{table}, row '{row}', column '{column}' {cell.without_runs(plan.suite.name)}")
    others = other_groups(plan, cell)
    lines = [*_value(plan, cell)]
    lines += [_fact("other groups", ", ".join(f"--group '{name}'" for name in others))] if others else []
    lines += ["", "Evaluations", *_evaluations(plan, cell)]
    for run in runs:
        lines += ["", f"Run {run}", *_run(plan, run)]
    config = "" if plan.suite.name == "mini" else f" --suite {plan.suite.name}"
    named = f" --group '{cell.group}'" if others else ""
    lines += ["", f"Made again and compared: tcclip reproduce {table} '{row}' {column}{named}{config}"]
    return "\n".join(lines)


def _value(plan: Plan, cell: Cell) -> Iterator[str]:
    yield f"{cell.table}, {cell.group + ', ' if cell.group else ''}{cell.row}, {cell.column}, suite {plan.suite.name}"
    path = layout.table(plan.suite.name, cell.table)
    if not path.is_file():
        yield _fact("value", f"not there yet: snakemake {cell.table} --config suite={plan.suite.name}")
        return
    frame = read_table(path)
    key = (frame["group"] == cell.group) & (frame["row"] == cell.row) & (frame["column"] == cell.column)
    line = next(frame[key].itertuples(index=False), None)
    if line is None or line.source != "measured":
        yield _fact("value", f"{'empty' if line is None or not line.source else line.source} in {path}")
        return
    spread = "" if pd.isna(line.std) else f" ± {line.std:.2f}"
    yield _fact("value", f"{line.value:.2f}{spread} ({line.n_videos} videos), {path}")


def _evaluations(plan: Plan, cell: Cell) -> Iterator[str]:
    for column, part in parts(plan, cell).items():
        if column != cell.column:
            yield f"  {column}"
        for evaluation in part.evaluations:
            yield f"  {evaluation.run}  {evaluation.name}: {_result(plan, evaluation, part.metric)}"
            made = origin.evaluated_by(layout.run(plan.suite.name, evaluation.run), evaluation.name)
            if made:
                now = evaluate.depends_on(plan, evaluation.run).code
                yield f"  {'':{WIDTH}}made {_code(made['code_fingerprint'], now)}"
                yield f"  {'':{WIDTH}}at commit {_commit(made['git'])}"


def _result(plan: Plan, evaluation: Evaluation, metric: str) -> str:
    path = layout.run(plan.suite.name, evaluation.run) / "metrics.json"
    found = read_json(path)["evaluations"].get(evaluation.name) if path.is_file() else None
    if found is None:
        return "not there yet"
    predictions = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
    return f"{metric} {found[metric]:.2f} % of {found['n_videos']} videos, {predictions}"


def _run(plan: Plan, run: str) -> Iterator[str]:
    suite = plan.suite.name
    folder = layout.run(suite, run)
    params, environment = origin.params_of(folder), origin.environment_of(folder)
    trained, clip = plan.run(run), _clip(layout.backbone(plan.suite.backbone.name))
    yield _fact("folder", str(folder))
    if trained.trained:
        weights = folder / "weights.safetensors"
        yield _fact("weights", f"sha256 {sha256(weights)}" if weights.is_file() else "not there yet")
        yield _fact("starts from", trained.init.name if trained.init else clip)
    else:
        yield _fact("weights", f"those of {clip}, as they are")
    yield _fact("MLflow", origin.mlflow_link(suite, run))
    yield from _params(params, trained.method)
    yield from _staleness(plan, run, params)
    yield from _data(plan, run, params)
    yield _fact("git commit", _commit(environment.get("git")))
    yield _fact("machine", _machine(environment))
    yield _fact("finished", environment.get("finished", "not known"))
    suffix = "" if suite == "mini" else f" --suite {suite}"
    commands = ([f"tcclip train {run}{suffix}"] if trained.trained else []) + [f"tcclip evaluate {run}{suffix}"]
    yield _fact("made by", " && ".join(commands))


def _clip(backbone: Path) -> str:
    weights = backbone / "weights.safetensors"
    return f"{weights}, sha256 {sha256(weights)}" if weights.is_file() else f"{weights}, not there"


def _params(params: dict[str, Any], method: str) -> Iterator[str]:
    if not params:
        yield _fact("params", f"those of method {method}; nothing was trained")
        return
    found = origin.defaults_or_nothing(params)
    if found is None:
        yield _fact("params", "its method or protocol is not in params/ any more: see params.yaml in its folder")
        return
    yield _fact("params", f"those of method {method}" + (", but" if found else ""))
    for item in found:
        yield f"  {'':{WIDTH}}{item.key} = {_short(item.value)}  ({item.where}: {_short(item.default)})"


def _staleness(plan: Plan, run: str, params: dict[str, Any]) -> Iterator[str]:
    for item in origin.changed_since(plan, run, params):
        yield _fact("stale", f"{item.key} was {_short(item.value)}, and params/ says {_short(item.default)} today")
    if not params:
        return
    for name, now in origin.fingerprints_now(plan, run).items():
        kind, then = name.removesuffix("_fingerprint"), params.get(name)
        yield _fact(kind, _code(then, now))
        if kind == "code":
            for place in origin.continued(layout.run(plan.suite.name, run)):
                until = f"epoch {place['epoch'] + 1}, step {place['step']}"
                yield f"  {'':{WIDTH}}until {until} it was trained with fingerprint {place['code_before']}"


def _code(then: str | None, now: str) -> str:
    same = "the same today" if now == then else f"today {now}" if now else "today incomplete"
    return f"fingerprint {then}, {same}"


def _commit(git: dict[str, Any] | None) -> str:
    if not git:
        return "not known: it was made outside a git checkout"
    if not git["commit"]:
        return f"not known: {git.get('why_not', 'git did not answer')}"
    return f"{git['commit']} ({'files differed from it' if git.get('dirty') else 'no file differed from it'})"


def _data(plan: Plan, run: str, params: dict[str, Any]) -> Iterator[str]:
    if not params:
        yield _fact("data", "as they are today")
    for path, digest in origin.data_files(plan, run).items():
        yield f"  {'':{WIDTH}}{digest}  {path}"


def _machine(environment: dict[str, Any]) -> str:
    if not environment:
        return "not there yet"
    used = f"{environment['device']} with {environment['threads']} thread(s)"
    versions = f"Python {environment['python']}, torch {environment['torch']}"
    return f"{environment['cpu']}, {used}, {versions}, {environment['platform']}"


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _fact(title: str, text: str) -> str:
    return f"  {title:{WIDTH}}{text}"
