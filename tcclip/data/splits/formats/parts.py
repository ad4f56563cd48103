"""Annotation tables `<split>.csv` with the columns label and video, every split with the classes of its own table.

The format of the diagnostic data set, whose test splits are parts of what it trains on (docs/diagnostic.md).
"""

from __future__ import annotations

import csv
from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row
from tcclip.errors import UserError


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split; names are in alphabetical order."""
    classes: dict[str, list[str]] = {}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = folder / f"{split}.csv"
        table = csv.DictReader(lists.lines(dataset, path))
        if not {"label", "video"} <= set(table.fieldnames or []):
            raise UserError(f"{path}: expected a table with the columns label and video")
        rows = list(table)
        classes[split] = sorted({row["label"] for row in rows})
        label_of = {name: label for label, name in enumerate(classes[split])}
        splits[split] = [(row["video"], label_of[row["label"]]) for row in rows]
    return classes, splits
