"""A confusion matrix as MLflow shows it: a table of what occurs, and a picture whose cells say their class names."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from tcclip.data.splits.tables import read_classes
from tcclip.reporting.per_class import confusion

WIDTH = 720  # pixels of the matrix; a cell is at most LARGEST
LARGEST = 36
NAMED = 120  # more classes than this have no room for their names beside the matrix


def confusions(predictions: Path, class_lists: Mapping[str, Path]) -> dict[str, str]:
    """Artifact path -> text: every evaluation whose predictions are in the folder, as a table and as a picture.

    Args:
        class_lists: evaluation -> the class list (label, name) its labels are of.
    """
    found: dict[str, str] = {}
    for name, path in class_lists.items():
        file = predictions / f"{name}.parquet"
        if file.is_file():
            names = read_classes(path)
            counts = confusion(pd.read_parquet(file, columns=["label", "top5_classes"]), len(names))
            found[f"confusion/{name}.csv"] = as_csv(counts, names)
            found[f"confusion/{name}.html"] = as_html(counts, names, name)
    return found


def as_csv(counts: np.ndarray, names: Sequence[str]) -> str:
    """Lines class, predicted, n_videos, percent_of_class; pairs that never occur have none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class", "predicted", "n_videos", "percent_of_class"])
    of_class = counts.sum(axis=1)
    for i, j in zip(*counts.nonzero(), strict=True):
        writer.writerow([names[i], names[j], counts[i, j], round(100 * counts[i, j] / of_class[i], 2)])
    return text.getvalue()


def as_html(counts: np.ndarray, names: Sequence[str], title: str) -> str:
    """One row per class, one column per predicted class; the darker, the larger the share of the class's videos."""
    size = min(LARGEST, WIDTH / len(names))
    side = size * len(names)
    named = len(names) <= NAMED
    left, top = (220, 160) if named else (10, 10)
    of_class = np.maximum(counts.sum(axis=1), 1)
    cells = [
        f'<rect x="{left + j * size:.1f}" y="{top + i * size:.1f}" width="{size:.1f}" height="{size:.1f}" '
        f'fill="{"#08519c" if i == j else "#b30000"}" fill-opacity="{counts[i, j] / of_class[i]:.2f}">'
        f"<title>{escape(names[i])} seen as {escape(names[j])}: {counts[i, j]} of {of_class[i]}</title></rect>"
        for i, j in zip(*counts.nonzero(), strict=True)
    ]
    words = [
        f'<text x="{left - 6}" y="{top + (i + 0.7) * size:.1f}" text-anchor="end">{escape(name)}</text>'
        f'<text transform="translate({left + (i + 0.7) * size:.1f},{top - 6}) rotate(-45)">{escape(name)}</text>'
        for i, name in enumerate(names)
        if named
    ]
    frame = f'<rect x="{left}" y="{top}" width="{side:.1f}" height="{side:.1f}" fill="none" stroke="#999"/>'
    width, height = left + side + 160, top + side + 10
    font = max(5.0, min(12.0, 0.8 * size))
    return (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<p style="font:14px sans-serif">{escape(title)}: rows are classes, columns what they were taken for; '
        "blue is right, red is wrong, and a cell that the pointer rests on says its numbers.</p>"
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'style="font:{font:.0f}px sans-serif">{frame}{"".join(cells)}{"".join(words)}</svg>\n'
    )
