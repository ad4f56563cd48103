"""Something-Something v2: `labels.json` {template: id}, `train.json` and `validation.json` (split test1).

The files have these short names or the long ones of the release (`something-something-v2-labels.json`).
"""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row
from tcclip.errors import UserError


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split."""
    names = _names(dataset, _file(folder, "labels"))
    label_of = {name: label for label, name in enumerate(names)}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = _file(folder, "train" if split == "train" else "validation")
        splits[split] = [
            (video, lists.label(template.replace("[", "").replace("]", ""), label_of, path))
            for video, template in _entries(dataset, path)
        ]
    return {"all": names}, splits


def _names(dataset: Official, path: Path) -> list[str]:
    """The templates in the order of their numbers."""
    labels = lists.parsed(dataset, path)
    if not isinstance(labels, dict) or not all(str(number).isdecimal() for number in labels.values()):
        raise UserError(f"{path} must be an object of JSON with a number for each template, as in the release")
    return sorted(labels, key=lambda name: int(labels[name]))


def _entries(dataset: Official, path: Path) -> list[tuple[str, str]]:
    """Video and template of every entry."""
    entries = lists.parsed(dataset, path)
    found = []
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict) or "id" not in entry or not isinstance(entry.get("template"), str):
            raise UserError(f"{path} must be a list of JSON objects with id and template, as in the release")
        found.append((str(entry["id"]), entry["template"]))
    return found


def _file(folder: Path, name: str) -> Path:
    long = folder / f"something-something-v2-{name}.json"
    return long if long.is_file() else folder / f"{name}.json"
