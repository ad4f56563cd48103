"""What the evaluations of runs have found, as the runs' folders tell it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcclip.process.files import read_json


def evaluations_of(folder: Path) -> dict[str, Any]:
    """The evaluations in a run's metrics.json by name; nothing if it is not there or the run was trained anew since."""
    metrics, training = folder / "metrics.json", folder / "training.json"
    if not metrics.is_file():
        return {}
    found: dict[str, Any] = read_json(metrics)
    of_other_weights = "training" in found and training.is_file() and found["training"] != read_json(training)
    return {} if of_other_weights else found.get("evaluations", {})


def read_results(folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The evaluations of every run (name -> folder); a run that has none is left out."""
    read = {name: evaluations_of(folder) for name, folder in folders.items()}
    return {name: evaluations for name, evaluations in read.items() if evaluations}
