"""Accuracies (methods.md 1.6, 10.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOP = 5


def ranked(scores: np.ndarray, top: int = TOP) -> np.ndarray:
    """The classes (n, min(top, C)) of highest score (n, C), best first; of equal scores the lower label is first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :top]


def accuracy(scores: np.ndarray, labels: np.ndarray, top: int = 1) -> float:
    """Percent of videos whose label (n,) is among the `top` classes of highest score (n, C).

    With fewer classes than `top`, every class is among them and the answer is 100.
    """
    return 100 * float(np.mean((ranked(scores, top) == labels[:, None]).any(axis=1)))


def per_class(scores: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, dict[str, float | int]]:
    """Top-1 in percent and number of videos for every class that has videos, by class name in label order."""
    best = ranked(scores, 1)[:, 0]
    result: dict[str, dict[str, float | int]] = {}
    for label, name in enumerate(names):
        of_class = labels == label
        if of_class.any():
            result[name] = {"top1": 100 * float(np.mean(best[of_class] == label)), "n_videos": int(of_class.sum())}
    return result
