"""Annotation tables `<split>.csv` with the columns label and video, every split with the classes of its own table.

The format of the diagnostic data set, whose test splits are parts of what it trains on (docs/diagnostic.md).
"""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split; names are in alphabetical order."""
    classes: dict[str, list[str]] = {}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = folder / f"{split}.csv"
        rows = lists.table(path, lists.lines(dataset, path), ("video", "label"))
        classes[split] = sorted({name for _, name in rows})
        label_of = {name: label for label, name in enumerate(classes[split])}
        splits[split] = [(video, label_of[name]) for video, name in rows]
    return classes, splits
