"""Make a run again in a clean place and compare: on the same CPU machine every bit of it must come out the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.plan import Plan, layout
from tcclip.process.files import read_json
from tcclip.provenance.clean_place import CleanPlace, clean_place
from tcclip.provenance.compare import (
    compare_environments,
    compare_mappings,
    compare_numbers,
    compare_predictions,
    compare_weights,
)
from tcclip.reporting.run_origin import continued, environment_of, params_of

RESOLVED = """
import json
from tcclip.plan import load_plan
try:
    from tcclip.stages.train import training_job
except ImportError:  # a commit before a stage was one file
    from tcclip.training.from_plan import training_job
from tcclip.training.job import resolved_params
plan = load_plan({suite!r})
try:
    from tcclip.plan.other_seeds import with_run
    plan = with_run(plan, {run!r})
except ImportError:  # a commit before there were several seeds
    pass
print(json.dumps(resolved_params(training_job(plan, {run!r}))))
"""


@dataclass(frozen=True)
class Outcome:
    """What the reproduction of a run has shown."""

    run: str
    evaluations: int  # compared
    trained: bool
    results: list[str]  # how weights and predictions differ
    causes: list[str]  # how params, code, data, machine and packages differ

    @property
    def identical(self) -> bool:
        """Whether every compared bit is the same."""
        return not self.results

    def lines(self) -> list[str]:
        """What a person reads."""
        if self.identical:
            what = "weights and " if self.trained else ""
            told = [f"{self.run}: bit-identical {what}predictions of {self.evaluations} evaluations"]
        else:
            told = [f"{self.run}: not the same", *(f"  {line}" for line in self.results)]
        return [*told, *(f"  {line}" for line in self.causes)]


def reproduce(plan: Plan, run: str, keep: Path | None = None, anyway: bool = False) -> Outcome:
    """Train and evaluate `run` at the commit it was made by, with this folder's data, and compare.

    Args:
        keep: a new folder for the checkout, which stays there; None takes a temporary one.
        anyway: go on where the commit's params or code, or the data, are not those of the run.

    Raises:
        UserError: the run is not there or names no commit; its params, code or data are not to be had any more.
    """
    suite, folder = plan.suite.name, layout.run(plan.suite.name, plan.run(run).name)
    if not (folder / "metrics.json").is_file():
        raise UserError(f"run {run} is not there: 'snakemake {folder}/metrics.json --config suite={suite}' makes it")
    state = environment_of(folder).get("git") or {}
    commit = state.get("commit")
    if not commit:
        why = state.get("why_not", "the run was made outside a git checkout, or where git did not answer")
        again = f"rm -r '{folder}' && snakemake {folder}/metrics.json --config suite={suite}"
        raise UserError(
            f"{folder}/environment.json names no git commit, because {why}: commit the project, then `{again}` "
            "makes the run again with its commit"
        )
    with clean_place(commit, keep) as place:
        _link_weights(plan, run, place)
        params = params_of(folder)
        causes = _before(place, suite, run, folder, params) if params else []
        if causes and not anyway:
            raise UserError(
                f"run {run} cannot be made again as it was, and nothing was trained: {'; '.join(causes)}. "
                "--anyway trains and compares all the same"
            )
        if params:
            place.tcclip("train", run, "--suite", suite)
        place.tcclip("evaluate", run, "--suite", suite)
        new = place.folder / folder
        results = compare_weights(folder / "weights.safetensors", new / "weights.safetensors") if params else []
        count, predictions = compare_predictions(folder / "predictions", new / "predictions")
        numbers = compare_numbers(folder, new)
        causes += [*compare_environments(folder, new), *evaluated_elsewhere(folder, commit)]
    return Outcome(run, count, bool(params), results + predictions + numbers, causes)


def evaluated_elsewhere(folder: Path, commit: str) -> list[str]:
    """The evaluations that another commit has made than the one that trained the run."""
    evaluations = read_json(folder / "metrics.json")["evaluations"]
    made = {name: result.get("made_by", {}).get("git") for name, result in evaluations.items()}
    others = {name: git["commit"] for name, git in made.items() if git and git["commit"] not in (None, commit)}
    return [f"evaluation {name}: was made at commit {other}, is at {commit}" for name, other in others.items()]


def _link_weights(plan: Plan, run: str, place: CleanPlace) -> None:
    """Give the place the run whose weights a training starts from."""
    init = plan.run(run).init
    if init:
        there = place.folder / layout.run(plan.suite.name, init.name)
        there.parent.mkdir(parents=True)
        there.symlink_to(layout.run(plan.suite.name, init.name).absolute(), target_is_directory=True)


def _before(place: CleanPlace, suite: str, run: str, folder: Path, params: dict[str, Any]) -> list[str]:
    """How what the commit would train differs from what was trained: its params, its code, this folder's data."""
    would = json.loads(place.python(RESOLVED.format(suite=suite, run=run)))
    mixed = [f"code until epoch {place['epoch'] + 1} was {place['code_before']}" for place in continued(folder)]
    return [*compare_mappings("params", params, would), *mixed]
