"""What runs' folders say of their evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tcclip.plan.run_results import evaluations_of, read_results
from tcclip.process.files import write_json

FOUND = {"x": {"top1": 1.0}}
FIRST, SECOND = {"steps": 8, "loss": 1.5}, {"steps": 8, "loss": 1.25}


def run_folder(folder: Path, metrics: dict[str, Any] | None, training: dict[str, Any] | None = None) -> Path:
    """A run's folder with these files."""
    folder.mkdir(parents=True)
    for name, content in (("metrics.json", metrics), ("training.json", training)):
        if content is not None:
            write_json(folder / name, content)
    return folder


def test_runs_without_metrics_are_left_out(tmp_path):
    ours, theirs = run_folder(tmp_path / "a", {"evaluations": FOUND}), run_folder(tmp_path / "b", None)
    assert read_results({"a": ours, "b": theirs}) == {"a": FOUND}


def test_evaluations_of_a_training_that_is_gone_are_not_those_of_the_run(tmp_path):
    metrics = {"training": FIRST, "evaluations": FOUND}
    assert evaluations_of(run_folder(tmp_path / "same", metrics, FIRST)) == FOUND
    assert evaluations_of(run_folder(tmp_path / "again", metrics, SECOND)) == {}


def test_evaluations_outlive_the_weights(tmp_path):
    assert evaluations_of(run_folder(tmp_path / "a", {"training": FIRST, "evaluations": FOUND})) == FOUND
