"""Kinetics: annotation tables, or a list and a table of names for each zero-shot split.

Annotations `<split>.csv` share one class list, all labels alphabetically. Zero-shot split n is `ZS_split<n>.txt` with
`ZS_split<n>_labels.csv`, or the published pair `ZS_split<n>_K600_eval.txt` and `ZS_split<n>_K600.csv`.
"""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row
from tcclip.errors import UserError
from tcclip.params.dataset import Release


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split."""
    if isinstance(dataset, Release) and dataset.zero_shot_from:
        return _drawn_zero_shot(dataset, folder, dataset.zero_shot_from)
    if dataset.class_lists == "per_split":
        both = [(split, *_zero_shot(dataset, folder, split)) for split in dataset.splits]
        return {split: names for split, names, _ in both}, {split: rows for split, _, rows in both}
    tables = {split: _annotations(dataset, folder, split) for split in dataset.splits}
    names = sorted({name for table in tables.values() for _, name in table})
    label_of = {name: label for label, name in enumerate(names)}
    splits = {split: [(video, label_of[name]) for video, name in table] for split, table in tables.items()}
    return {"all": names}, splits


def _annotations(dataset: Official, folder: Path, split: str) -> list[tuple[str, str]]:
    """(video, class name) of an annotation table; Kinetics-600's are named .txt."""
    path = next((p for p in (folder / f"{split}.csv", folder / f"{split}.txt") if p.is_file()), folder / f"{split}.csv")
    return lists.table(path, lists.lines(dataset, path), ("youtube_id", "label"))


def _zero_shot(dataset: Official, folder: Path, split: str) -> tuple[list[str], list[Row]]:
    number = lists.numbered(dataset, split)[1]
    pairs = [("ZS_split{}.txt", "ZS_split{}_labels.csv"), ("ZS_split{}_K600_eval.txt", "ZS_split{}_K600.csv")]
    found = [pair for pair in pairs if (folder / pair[0].format(number)).is_file()] or pairs
    listed, labelled = (folder / name.format(number) for name in found[0])
    for path in (listed, labelled):
        if not path.is_file():
            raise lists.missing(dataset, path)
    names = lists.read_names(labelled)
    return names, lists.read_labelled(listed, dataset.format, len(names))


def _drawn_zero_shot(dataset: Release, folder: Path, annotation: str) -> Lists:
    """All videos of an annotation table whose class is in a published draw `published/ZS_split<n>_K600.csv`."""
    table = _annotations(dataset, folder, annotation)
    classes: dict[str, list[str]] = {}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = folder / "published" / f"ZS_split{lists.numbered(dataset, split)[1]}_K600.csv"
        if not path.is_file():
            raise lists.missing(dataset, path)
        classes[split] = lists.read_names(path)
        label_of = {name: label for label, name in enumerate(classes[split])}
        splits[split] = [(video, label_of[name]) for video, name in table if name in label_of]
        absent = set(range(len(label_of))) - {label for _, label in splits[split]}
        if absent:
            raise UserError(
                f"dataset {dataset.name}: class '{classes[split][min(absent)]}' of {path} has no video in the "
                f"annotation table {annotation} of {folder}: check that the table is Kinetics-600's"
            )
    return classes, splits
