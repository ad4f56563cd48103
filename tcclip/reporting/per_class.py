"""Accuracy class by class and which classes are taken for each other, from per-video predictions.

Predictions are frames with the columns video, label and top5_classes (class indices, best first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

LEAST = 0.25  # share of two classes' videos
PAIR = ["method", "class_a", "class_b"]  # who takes which two classes for each other


def confusion(predictions: pd.DataFrame, classes: int) -> np.ndarray:
    """Counts (C, C): videos of class i predicted as class j."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    predicted = np.array([top[0] for top in predictions["top5_classes"]], dtype=np.int64)
    np.add.at(counts, (predictions["label"].to_numpy(np.int64), predicted), 1)
    return counts


def accuracy_by_class(counts: np.ndarray) -> np.ndarray:
    """Top-1 in percent per class (C,); NaN for a class without test videos."""
    videos = counts.sum(axis=1)
    accuracy = np.full(len(counts), np.nan)
    np.divide(100.0 * counts.diagonal(), videos, out=accuracy, where=videos > 0)
    return accuracy


def per_class(confusions: Mapping[str, np.ndarray], names: Sequence[str]) -> pd.DataFrame:
    """One line per method and class.

    Args:
        confusions: method -> counts (C, C).
        names: class names in label order.

    Returns:
        Columns method, label, class, n_videos, top1 (percent), most_often_predicted (class name), of_which (percent of
        the class's videos that are predicted as it).
    """
    lines = []
    for method, counts in confusions.items():
        accuracy = accuracy_by_class(counts)
        for label, name in enumerate(names):
            videos = int(counts[label].sum())
            top = int(counts[label].argmax())
            share = round(100 * counts[label, top] / videos, 2) if videos else None
            top1 = round(float(accuracy[label]), 2) if videos else None
            lines.append([method, label, name, videos, top1, names[top] if videos else "", share])
    return pd.DataFrame(
        lines, columns=["method", "label", "class", "n_videos", "top1", "most_often_predicted", "of_which"]
    )


def confused_pairs(confusions: Mapping[str, np.ndarray], names: Sequence[str]) -> pd.DataFrame:
    """Pairs of classes taken for each other: a model told the two apart no better than by a coin would be at 50.

    A pair is listed for a method when at least the share LEAST of the two classes' videos is predicted as the other
    one of the pair.

    Returns:
        Columns method, class_a, class_b, n_videos (of both), confused (percent predicted as the other), told_apart
        (percent right among the videos predicted as either of the two).
    """
    lines = []
    for method, counts in confusions.items():
        for a in range(len(names)):
            for b in range(a + 1, len(names)):
                videos = int(counts[a].sum() + counts[b].sum())
                swapped = int(counts[a, b] + counts[b, a])
                right = int(counts[a, a] + counts[b, b])
                if videos and swapped / videos >= LEAST:
                    lines.append(
                        [method, names[a], names[b], videos, round(100 * swapped / videos, 2),
                         round(100 * right / (right + swapped), 2)]
                    )  # fmt: skip
    frame = pd.DataFrame(lines, columns=[*PAIR, "n_videos", "confused", "told_apart"])
    return frame.sort_values(["method", "confused"], ascending=[True, False], kind="stable", ignore_index=True)


def neighbours(counts: np.ndarray) -> list[int]:
    """An order of the classes (labels) that puts those taken for each other side by side."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    between = shares + shares.T
    np.fill_diagonal(between, -1)
    order, left = [0], set(range(1, len(counts)))
    while left:
        nearest = max(sorted(left), key=lambda label: between[order[-1], label])
        if between[order[-1], nearest] <= 0:
            nearest = min(left)
        order.append(nearest)
        left.remove(nearest)
    return order
