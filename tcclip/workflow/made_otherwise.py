"""Runs that other params or code have made than Snakemake remembers: it is told, so that it makes them again.

Snakemake remembers what it has read at its start. A job may have been given other params since (a cluster's, that
begins hours later), and a person may have trained or evaluated a run with params that are not there any more. What a
run's folder says is the truth.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tcclip.plan import Plan, layout
from tcclip.process.files import json_or_nothing
from tcclip.provenance import snakemake_metadata
from tcclip.stages import evaluate, train
from tcclip.stages.depends import Depends
from tcclip.workflow.snakefile import settings

OTHERWISE = "'made by other params or code than Snakemake remembers'"  # among a record's params, as it writes texts


class Made(NamedTuple):
    """A training, or the evaluations of a run, as its folder has them."""

    run: str
    outputs: list[Path]
    made_by: set[str]  # marks
    depends: Depends  # as it would be made today


def tell_snakemake(plan: Plan) -> None:
    """Put Snakemake's records of all runs right; says in one line which are out of date without its knowing it."""
    if snakemake_metadata.busy():
        return
    unnoticed = {made.run: None for made in _made(plan) if _put_right(made)}
    if unnoticed:
        more = f" and {len(unnoticed) - 1} more" if len(unnoticed) > 1 else ""
        said = "made by other params or code than are there now, and therefore out of date"
        print(f"{next(iter(unnoticed))}{more}: {said}", file=sys.stderr, flush=True)


def _made(plan: Plan) -> Iterator[Made]:
    for name, run in plan.runs.items():
        training, metrics = layout.run(plan.suite.name, name) / "training.json", layout.metrics(plan.suite.name, name)
        if run.trained and (made_by := _said([json_or_nothing(training).get("made_by", {})])):
            yield Made(name, train.outputs(plan, name), made_by, train.depends_on(plan, name))
        found, asked = json_or_nothing(metrics).get("evaluations", {}), [e.name for e in plan.evaluations(name)]
        if made_by := _said(found[name].get("made_by", {}) for name in asked if name in found):
            yield Made(name, list(evaluate.outputs(plan, name)), made_by, evaluate.depends_on(plan, name))


def _said(parts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The marks in parts of a run's files; none in those of versions that did not write them."""
    return {mark for part in parts if (mark := part.get("fingerprint"))}


def _put_right(made: Made) -> bool:
    """Whether the outputs are out of date and Snakemake would not see it but for what is written here."""
    files = [snakemake_metadata.record_of(str(output)) for output in made.outputs]
    record = snakemake_metadata.read(files[0]) or {}
    params = record.get("params")
    told, up_to_date = OTHERWISE in (params or []), made.made_by <= {made.depends.mark}
    unnoticed = not up_to_date and (told or params is None or _remembered(made.depends) <= set(params))
    if unnoticed != told:
        for file in files:
            _write(file, snakemake_metadata.read(file) or {}, unnoticed)
    return unnoticed


def _remembered(depends: Depends) -> set[str]:
    """What stands in the record of a job with these settings and this code."""
    return {repr(settings(depends.settings)), repr(depends.code)}


def _write(file: Path, record: dict[str, Any], out_of_date: bool) -> None:
    params = [word for word in record.get("params") or [] if word != OTHERWISE]
    if out_of_date:
        snakemake_metadata.check_snakemake()
        about = {"record_format_version": snakemake_metadata.FORMAT, **record, "params": [*params, OTHERWISE]}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(about), encoding="utf-8")
    elif set(record) <= {"record_format_version", "params"}:  # nothing but what was written here
        file.unlink(missing_ok=True)
    else:
        file.write_text(json.dumps({**record, "params": params}), encoding="utf-8")
