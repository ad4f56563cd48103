"""Replicates of evaluations' accuracies: recordings' weights times what is right of their clips, as matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from tcclip.params.statistics import Statistics
from tcclip.statistics.predictions import Right
from tcclip.statistics.weights import half_weights, unit_weights

Name = TypeVar("Name")
BLOCK = 4096  # recordings whose weights are held at a time


def accuracy_replicates(
    settings: Statistics, dataset: str, found: Mapping[tuple[Name, str], Right]
) -> dict[Name, np.ndarray]:
    """Replicates (draws,) in percent of evaluations on one data set.

    Args:
        found: of an evaluation and the name of its half videos, those that share it being of the same run and metric on
            other splits, what is right.
    """
    splits = list(dict.fromkeys(of.units for of in found.values()))
    units = sorted({unit for split in splits for unit in split})
    place = {unit: number for number, unit in enumerate(units)}
    places = {split: np.array([place[unit] for unit in split], int) for split in splits}
    listed = np.zeros((len(units), len(splits)))
    column = {split: number for number, split in enumerate(splits)}
    for split in splits:
        listed[:, column[split]] = np.bincount(places[split], minlength=len(units))
    right = np.zeros((len(units), len(found)))
    for number, of in enumerate(found.values()):
        right[:, number] = np.bincount(places[of.units], of.right, len(units))
    counted, wanted = np.zeros((settings.draws, len(splits))), np.zeros((settings.draws, len(found)))
    for start in range(0, len(units), BLOCK):
        block = slice(start, start + BLOCK)
        weights = unit_weights(settings, dataset, units[block]).astype(float)
        counted += weights @ listed[block]
        wanted += weights @ right[block]
    halves = {halves: half_weights(settings, halves) for _, halves in found}
    replicates = {}
    for number, ((name, its), of) in enumerate(found.items()):
        good, bad = halves[its]
        total = counted[:, column[of.units]]
        replicates[name] = 100 * (wanted[:, number] + good) / (total + good + bad)
    return replicates
