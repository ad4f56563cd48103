"""Replicates of a table's cells, from the predictions of its runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tcclip.errors import UserError
from tcclip.params.statistics import Statistics
from tcclip.plan import Cell, Evaluation, Plan, layout
from tcclip.plan.cells import Average, Content, Measured, Row, Shown, rows_of
from tcclip.plan.evaluation import Results
from tcclip.statistics.accuracies import accuracy_replicates
from tcclip.statistics.predictions import Right, read_right
from tcclip.statistics.weights import seed_shares

Key = tuple[str, str, str]  # group, row, column
Asked = tuple[Evaluation, str]  # and its metric
Seeds = dict[int | None, np.ndarray]  # seed -> replicates (draws,); None: nothing was trained, or seeds differ
SAME = 1e-6  # percent
LEAST = 0.01  # percent, in harmonic means of what is drawn over seeds


def cell_replicates(
    plan: Plan, cells: Iterable[Cell], settings: Statistics, results: Results = MappingProxyType({})
) -> dict[Key, np.ndarray]:
    """Group, row, column -> replicates (draws,) in percent, of a table's cells of which all predictions are there.

    Raises:
        UserError: an accuracy in `results`, which the table shows, is not that of the predictions.
    """
    cells = list(cells)
    rows = rows_of(cells)
    parts = [part for cell in cells for part in cell.parts(rows[cell.group, cell.row]).values()]
    asked = dict.fromkeys((evaluation, part.metric) for part in parts for evaluation in part.evaluations)
    accuracies = evaluation_replicates(plan, asked, settings, results)
    found = {}
    for cell in cells:
        by_seed = _by_seed(cell.content, rows[cell.group, cell.row], accuracies, settings)
        if by_seed:
            found[cell.key] = over_seeds(by_seed, settings)
    return found


def evaluation_replicates(
    plan: Plan, asked: Iterable[Asked], settings: Statistics, results: Results = MappingProxyType({})
) -> dict[Asked, np.ndarray]:
    """Replicates (draws,) in percent of the evaluations whose predictions are there."""
    by_dataset: dict[str, dict[tuple[Asked, str], Right]] = defaultdict(dict)
    for evaluation, metric in asked:
        path = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
        dataset = plan.dataset(evaluation.role)
        if (right := read_right(path, metric, dataset)) is not None:
            _check_same(plan, evaluation, right, results.get(evaluation.run, {}).get(evaluation.name, {}).get(metric))
            of_all_splits = f"{evaluation.run}/{replace(evaluation, split='').name}/{metric}"
            by_dataset[dataset.name][(evaluation, metric), of_all_splits] = right
    found: dict[Asked, np.ndarray] = {}
    for name, of_it in by_dataset.items():
        found |= accuracy_replicates(settings, name, of_it)
    return found


def _check_same(plan: Plan, evaluation: Evaluation, right: Right, shown: float | None) -> None:
    """A value and its interval are of one evaluation: metrics.json and predictions are written together."""
    found = 100 * float(right.right.mean())
    if shown is not None and abs(found - shown) > SAME:
        folder = layout.run(plan.suite.name, evaluation.run)
        raise UserError(
            f"{folder}: {evaluation.name} has {shown:.2f} % in metrics.json and {found:.2f} % by its predictions, so "
            f"that one of them is of something else: `rm -r {folder}/metrics.json {folder}/predictions`, and snakemake "
            "evaluates the run again"
        )


def _by_seed(
    content: Content | None, row: Row, accuracies: Mapping[Asked, np.ndarray], settings: Statistics
) -> Seeds | None:
    """A cell's replicates of each of its seeds; None where something is missing, or nothing is measured on videos."""
    match content:
        case Measured():
            return _measured(content, accuracies)
        case Average():
            cells = [row[name].content if name in row else None for name in content.columns]
            parts = [_by_seed(of_cell, row, accuracies, settings) for of_cell in cells]
            known = [part for part in parts if part is not None]
            return _average(known, content.harmonic, settings) if len(known) == len(parts) else None
        case Shown():
            return _by_seed(content.others[content.column].content, content.others, accuracies, settings)
        case _:
            return None


def _measured(content: Measured, accuracies: Mapping[Asked, np.ndarray]) -> Seeds | None:
    if not content.evaluations or any((each, content.metric) not in accuracies for each in content.evaluations):
        return None
    return {
        seed: np.asarray(np.mean([accuracies[each, content.metric] for each in of_it], axis=0))
        for seed, of_it in content.by_seed.items()
    }


def _average(parts: list[Seeds], harmonic: bool, settings: Statistics) -> Seeds:
    """Of each seed; where parts have different seeds, of what each part is over its own, as the value is."""
    if any(part.keys() != parts[0].keys() for part in parts):
        wholes = [over_seeds(part, settings) for part in parts]
        # Student's t goes below zero, where a harmonic mean has no meaning.
        return {None: _mean([np.clip(whole, LEAST, 100) for whole in wholes] if harmonic else wholes, harmonic)}
    return {seed: _mean([part[seed] for part in parts], harmonic) for seed in parts[0]}


def _mean(values: list[np.ndarray], harmonic: bool) -> np.ndarray:
    stacked = np.stack(values)
    return np.asarray(len(values) / (1 / stacked).sum(axis=0) if harmonic else stacked.mean(axis=0))


def over_seeds(by_seed: Seeds, settings: Statistics) -> np.ndarray:
    """Replicates (draws,) of the mean over seeds; of one seed its own, which say nothing of other trainings."""
    seeds = sorted(seed for seed in by_seed if seed is not None)
    if len(seeds) < 2:
        return np.asarray(np.mean(list(by_seed.values()), axis=0))
    values = np.stack([by_seed[seed] for seed in seeds], axis=1)
    return np.asarray((seed_shares(settings, seeds) * values).sum(axis=1))
