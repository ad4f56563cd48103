"""Something-Something v2: `labels.json` {template: id}, `train.json` and `validation.json` (split test1).

The files have these short names or the long ones of the release (`something-something-v2-labels.json`).
"""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split."""
    labels = lists.parsed(dataset, _file(folder, "labels"))
    names = sorted(labels, key=lambda name: int(labels[name]))
    label_of = {name: label for label, name in enumerate(names)}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = _file(folder, "train" if split == "train" else "validation")
        splits[split] = [
            (str(entry["id"]), lists.label(entry["template"].replace("[", "").replace("]", ""), label_of, path))
            for entry in lists.parsed(dataset, path)
        ]
    return {"all": names}, splits


def _file(folder: Path, name: str) -> Path:
    long = folder / f"something-something-v2-{name}.json"
    return long if long.is_file() else folder / f"{name}.json"
