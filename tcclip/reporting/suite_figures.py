"""Which figures a suite has: accuracy against shots and settings, training curves, every dataset class by class."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from tcclip.plan import Evaluation, Plan, Run
from tcclip.process.files import write_text
from tcclip.reporting import figures, results, style
from tcclip.reporting.confusion_figure import confusion_matrices
from tcclip.reporting.grid import mean_over_shots
from tcclip.reporting.page import Picture
from tcclip.reporting.per_class import confused_pairs, per_class
from tcclip.reporting.scaled_values import scaled_values
from tcclip.reporting.style import Look


def draw_charts(plan: Plan, frames: Mapping[str, pd.DataFrame], folder: Path) -> list[Picture]:
    """All charts of a suite's page; what has no results yet is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    looks = method_looks(plan)
    drawn: list[Picture] = []
    for name, frame in frames.items():
        if frame["value"].notna().any():
            drawn += _table_figures(plan, name, frame, looks, folder)
    for protocol in dict.fromkeys(run.protocol for run in plan.runs.values() if run.trained):
        drawn += _training_figures(plan, protocol, looks, folder)
    for role, evaluations in class_evaluations(plan).items():
        drawn += _class_figures(plan, role, evaluations, looks, folder)
    return drawn


def compared(plan: Plan) -> list[Run]:
    """The runs that curves and class-by-class figures compare: of methods in tables that are no ablations.

    Of runs that differ in their seed alone it is the first. Sorted by method as in the tables, by dataset as in the
    suite, and by K or fold.
    """
    tables = [table for table in plan.tables.values() if not table.ablation] or list(plan.tables.values())
    methods = list(dict.fromkeys(row.method_name for table in tables for row in table.rows))
    roles = [None, *plan.suite.datasets]
    first: dict[str, Run] = {}
    for run in plan.runs.values():
        first.setdefault(run.apart_from_seed, run)
    runs = [run for run in first.values() if run.method in methods]
    return sorted(
        runs, key=lambda run: (methods.index(run.method), roles.index(run.role), run.shots or 0, run.fold or 0)
    )


def of_first_seed(plan: Plan, runs: Iterable[Run]) -> str:
    """The sentence that says so, where one of `runs` has others beside it that differ in their seed alone; else ""."""
    shown = {run.apart_from_seed: run.seed for run in runs}
    beside = {name for run in plan.runs.values() if run.seed != shown.get(name := run.apart_from_seed, run.seed)}
    seeds = sorted({seed for name in beside if (seed := shown[name]) is not None})
    return f" Of several seeds the first is shown ({', '.join(map(str, seeds))})." if seeds else ""


def method_looks(plan: Plan) -> dict[str, Look]:
    """One look per compared method, by its name in tables."""
    shown, runs = results.labels(plan), compared(plan)
    return style.looks((shown[run.method] for run in runs), [shown[run.method] for run in runs if not run.trained])


def row_looks(plan: Plan, table: str, looks: Mapping[str, Look]) -> dict[tuple[str, str], Look]:
    """The looks of a table's rows by group and row: their methods' own, of which a method's second row has another."""
    shown, found = results.labels(plan), dict[tuple[str, str], Look]()
    others = map(style.look, itertools.count(len(looks)))
    for row in plan.tables[table].rows:
        own = looks.get(shown.get(row.method_name or "", ""))
        found[row.group, row.row] = next(others) if own is None or own in found.values() else own
    return found


def class_evaluations(plan: Plan) -> dict[str, list[Evaluation]]:
    """Dataset -> the evaluations compared class by class: of runs without folds, most shots and the first split.

    Untrained methods are compared on the same split, and no weight ensemble is.
    """
    found: dict[str, list[Evaluation]] = {}
    for role in plan.suite.datasets:
        tested = {run: _plain_evaluations(plan, run, role) for run in compared(plan)}
        trained = [run for run, evaluations in tested.items() if run.trained and evaluations]
        if not trained:
            continue
        best = min(trained, key=lambda run: (run.fold or 0, -(run.shots or 0)))
        alike = (best.protocol, best.shots, best.fold)
        split = tested[best][0].split
        found[role] = [
            next(evaluation for evaluation in evaluations if evaluation.split == split)
            for run, evaluations in tested.items()
            if (not run.trained or (run.protocol, run.shots, run.fold) == alike)
            and any(evaluation.split == split for evaluation in evaluations)
        ]
    return found


def _plain_evaluations(plan: Plan, run: Run, role: str) -> list[Evaluation]:
    return [e for e in plan.evaluations(run.name) if e.role == role and not e.we and not e.last]


def _table_figures(
    plan: Plan, name: str, frame: pd.DataFrame, looks: Mapping[str, Look], folder: Path
) -> Iterator[Picture]:
    table = plan.tables[name]
    quoted = " Dashed: quoted from the paper." if "quoted" in set(frame["source"]) else ""
    if figures.shot_by_shot(table.columns):
        figure = figures.accuracy_vs_shots(frame, table.columns, row_looks(plan, name, looks), plan.displays)
        caption = f"{table.title}: top-1 accuracy against training videos per class.{quoted}"
        yield Picture(style.save(figure, folder / f"{name}_shots.png"), "Accuracy against shots", caption)
    if table.axis:
        figure = figures.accuracy_over_setting(frame, table.columns, table.axis, plan.displays)
        sentences = [f"{table.title}: accuracy over {table.axis}.", *mean_over_shots(table.columns)]
        caption = " ".join([*sentences, scaled_values(plan, name)]).rstrip() + quoted
        yield Picture(style.save(figure, folder / f"{name}.png"), "Accuracy against a setting", caption)


def _training_figures(plan: Plan, protocol: str, looks: Mapping[str, Look], folder: Path) -> list[Picture]:
    runs = [run for run in compared(plan) if run.protocol == protocol]
    histories, seeds = results.histories(runs, plan), of_first_seed(plan, runs)
    name = protocol.replace("_", "-").capitalize()
    wanted = [
        ("loss", "training loss (nats)", f"{name}: training loss by epoch (mixed videos, smoothed labels)."),
        ("val_top1", "validation top-1 (%)", f"{name}: top-1 on the validation split by epoch, one centre view."),
    ]
    drawn = []
    for column, label, caption in wanted:
        known = {
            key: history for key, history in histories.items() if column in history and history[column].notna().any()
        }
        if known:
            figure = figures.training_curves(known, column, label, looks)
            path = style.save(figure, folder / f"{column}_{protocol}.png")
            drawn.append(Picture(path, "Training", caption + seeds))
    return drawn


def _class_figures(
    plan: Plan, role: str, evaluations: list[Evaluation], looks: Mapping[str, Look], folder: Path
) -> list[Picture]:
    split = evaluations[0].split
    names = results.class_names(plan, role, split)
    confusions = results.confusions(plan, evaluations, len(names)) if names else {}
    if not confusions:
        return []
    trained = next(run for e in evaluations if (run := plan.run(e.run)).trained)
    what = f"{plan.displays[role]} {split}, " + (
        f"K = {trained.shots}" if trained.shots else trained.protocol.replace("_", "-")
    )
    for table, stem in (
        (per_class(confusions, names), "per_class"),
        (confused_pairs(confusions, names), "confused_pairs"),
    ):
        write_text(folder / f"{stem}_{role}.csv", table.to_csv(index=False))
    by_class = figures.class_accuracies(confusions, names, f"Accuracy by class, {what}", looks)
    matrices = confusion_matrices(confusions, names, f"Confusion, {what}")
    section = f"{plan.displays[role]} class by class"
    seeds = of_first_seed(plan, [plan.run(e.run) for e in evaluations])
    return [
        Picture(
            style.save(by_class, folder / f"per_class_{role}.png"), section, f"Top-1 accuracy by class, {what}.{seeds}"
        ),
        Picture(
            style.save(matrices, folder / f"confusion_{role}.png"),
            section,
            f"Which classes are taken for which, {what}. Pairs that a method does not tell apart stand side by side; "
            f"confused_pairs_{role}.csv lists them.{seeds}",
        ),
    ]
