"""What the figures and the page need from a suite's files, as plain frames; anything missing is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from tcclip.data.splits.split_tables import read_classes
from tcclip.plan import Evaluation, Plan, Run, layout
from tcclip.plan.run_results import evaluations_of
from tcclip.reporting.per_class import confusion


def labels(plan: Plan) -> dict[str, str]:
    """Method -> its name in tables; methods that share one carry their own name beside it."""
    shown = {method: plan.method(method).display for method in plan.methods}
    several = {name for name in shown.values() if list(shown.values()).count(name) > 1}
    return {method: f"{name} ({method})" if name in several else name for method, name in shown.items()}


def runs_table(plan: Plan) -> pd.DataFrame:
    """One line per run: what it is, what it trained for, what came out, the tables it serves."""
    method_labels = labels(plan)
    lines: list[dict[str, Any]] = []
    for run in plan.runs.values():
        folder = layout.run(plan.suite.name, run.name)
        lines.append(
            {
                "run": run.name,
                "folder": str(folder),
                "method": method_labels[run.method],
                "protocol": run.protocol if run.trained else "",
                "dataset": plan.displays.get(run.role or "", ""),
                "shots": run.shots,
                "fold": run.fold,
                "seed": run.seed,
                "evaluations": evaluations_of(folder),
                "tables": plan.tables_of(run.name),
            }
        )
    return pd.DataFrame(lines)


def coverage(plan: Plan) -> pd.DataFrame:
    """Videos of every tested split: columns dataset, split, listed, tested, broken, missing (not in the raw data)."""
    lines: dict[tuple[str, str], list[Any]] = {}
    for run in plan.runs:
        parts = evaluations_of(layout.run(plan.suite.name, run))
        for evaluation in plan.evaluations(run):
            part = parts.get(evaluation.name)
            if part:
                key = (plan.displays[evaluation.role], evaluation.split)
                lines[key] = [*key, part["listed"], part["n_videos"], part["broken"], part["missing"]]
    return pd.DataFrame(lines.values(), columns=["dataset", "split", "listed", "tested", "broken", "missing"])


def broken_videos(plan: Plan) -> pd.DataFrame:
    """Videos that could not be read: columns dataset, video, path, reason."""
    frames = []
    for role, name in plan.suite.datasets.items():
        path = layout.frames_index(name)
        if path.is_file():
            index = pd.read_parquet(path, columns=["video", "path", "defect"]).rename(columns={"defect": "reason"})
            frames.append(index[index["reason"] != ""].assign(dataset=plan.displays[role]))
    columns = ["dataset", "video", "path", "reason"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def histories(runs: Iterable[Run], plan: Plan) -> dict[tuple[str, str], pd.DataFrame]:
    """(training set, method) -> history.csv of those of the runs that have one."""
    method_labels = labels(plan)
    found = {}
    for run in runs:
        path = layout.run(plan.suite.name, run.name) / "history.csv"
        if path.is_file():
            number = f", K={run.shots}" if run.shots else f", fold {run.fold}" if run.fold else ""
            name = plan.displays.get(run.role or "", "") + number
            found[name, method_labels[run.method]] = pd.read_csv(path)
    return found


def confusions(plan: Plan, evaluations: Iterable[Evaluation], classes: int) -> dict[str, np.ndarray]:
    """Method -> counts (C, C) of the given evaluations that have predictions."""
    method_labels = labels(plan)
    found = {}
    for evaluation in evaluations:
        path = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
        if path.is_file():
            predictions = pd.read_parquet(path, columns=["label", "top5_classes"])
            found[method_labels[plan.run(evaluation.run).method]] = confusion(predictions, classes)
    return found


def class_names(plan: Plan, role: str, split: str) -> list[str]:
    """The class names of a split in label order; empty when the splits are not made yet."""
    path = layout.class_file(plan.dataset(role), split)
    return list(read_classes(path)) if path.is_file() else []
