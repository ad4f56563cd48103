"""The official lists of the five datasets, read into class names and labelled videos.

Every reader gives `(classes, splits)`: class names by list name ("all", or one list per split), and per split the rows
(video, label) in the file's order. Videos whose file is missing stay in the lists; `tables.present` counts them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Generated, Release

Official = Generated | Release  # they have the official lists of a format

Row = tuple[str, int]  # video, label
Lists = tuple[dict[str, list[str]], dict[str, list[Row]]]


def read_lists(dataset: Official, raw: Path) -> Lists:
    """The official lists under `raw`/lists for the splits that the dataset's file names."""
    readers: dict[str, Callable[[Official, Path], Lists]] = {
        "hmdb51": _hmdb51,
        "ucf101": _ucf101,
        "kinetics": _kinetics,
        "ssv2": _ssv2,
    }
    return readers[dataset.format](dataset, raw / "lists")


def _hmdb51(dataset: Official, folder: Path) -> Lists:
    """`<class>_test_split<n>.txt` with lines `<file> <tag>`; tag 1 is training, 2 test, 0 neither."""
    marker = "_test_split"
    files = sorted(folder.glob(f"*{marker}*.txt"))
    if not files:
        raise _missing(dataset, folder / f"<class>{marker}1.txt")
    names = sorted({path.name.rsplit(marker, 1)[0] for path in files})
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        kind, number = _numbered(dataset, split)
        wanted = {"train": "1", "test": "2"}[kind]
        rows: list[Row] = []
        for label, name in enumerate(names):
            path = folder / f"{name}{marker}{number}.txt"
            pairs = [_pair(line, path) for line in _lines(dataset, path)]
            rows += [(video_id(file, "hmdb51"), label) for file, tag in pairs if tag == wanted]
        splits[split] = rows
    return {"all": [name.replace("_", " ") for name in names]}, splits


def _ucf101(dataset: Official, folder: Path) -> Lists:
    """`classInd.txt` with lines `<number> <Class>`, `trainlist0<n>.txt` and `testlist0<n>.txt`.

    The class is the folder; the file may spell it in another way (HandstandPushups/v_HandStandPushups_...).
    """
    path = folder / "classInd.txt"
    numbered = [line.split(maxsplit=1) for line in _lines(dataset, path)]
    names = [name for _, name in sorted(numbered, key=lambda pair: int(pair[0]))]
    label_of = {name: label for label, name in enumerate(names)}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        kind, number = _numbered(dataset, split)
        path = folder / f"{kind}list{int(number):02d}.txt"
        rows = []
        for line in _lines(dataset, path):
            file = _pair(line, path)[0] if kind == "train" else line
            name = file.split("/", 1)[0]
            rows.append((video_id(file, "ucf101"), _label(name, label_of, path)))
        splits[split] = rows
    return {"all": names}, splits


def _ssv2(dataset: Official, folder: Path) -> Lists:
    """`labels.json` {template: id}, `train.json` and `validation.json` (split test1), with short or long names."""
    labels = json.loads("\n".join(_lines(dataset, _ssv2_file(folder, "labels"))))
    names = sorted(labels, key=lambda name: int(labels[name]))
    label_of = {name: label for label, name in enumerate(names)}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = _ssv2_file(folder, "train" if split == "train" else "validation")
        entries = json.loads("\n".join(_lines(dataset, path)))
        splits[split] = [
            (str(entry["id"]), _label(entry["template"].replace("[", "").replace("]", ""), label_of, path))
            for entry in entries
        ]
    return {"all": names}, splits


def _kinetics(dataset: Official, folder: Path) -> Lists:
    """Annotation tables `<split>.csv`, or a list `<path> <label>` with a table of names for each zero-shot split.

    Annotations share one class list, all labels alphabetically. Zero-shot split n is `ZS_split<n>.txt` with
    `ZS_split<n>_labels.csv`, or the published pair `ZS_split<n>_K600_eval.txt` and `ZS_split<n>_K600.csv`.
    """
    if isinstance(dataset, Release) and dataset.zero_shot_from:
        return _drawn_zero_shot(dataset, folder, dataset.zero_shot_from)
    if dataset.class_lists == "per_split":
        read = {split: _zero_shot(dataset, folder, split) for split in dataset.splits}
        return {split: names for split, (names, _) in read.items()}, {split: rows for split, (_, rows) in read.items()}
    tables = {split: _annotations(dataset, folder, split) for split in dataset.splits}
    names = sorted({name for table in tables.values() for _, name in table})
    label_of = {name: label for label, name in enumerate(names)}
    splits = {split: [(video, label_of[name]) for video, name in table] for split, table in tables.items()}
    return {"all": names}, splits


def _annotations(dataset: Official, folder: Path, split: str) -> list[tuple[str, str]]:
    """(video, class name) of an annotation table; Kinetics-600's are named .txt."""
    path = next((p for p in (folder / f"{split}.csv", folder / f"{split}.txt") if p.is_file()), folder / f"{split}.csv")
    rows = csv.DictReader(_lines(dataset, path))
    if not {"label", "youtube_id"} <= set(rows.fieldnames or []):
        raise UserError(f"{path}: expected a table with the columns label and youtube_id, as in the Kinetics release")
    return [(row["youtube_id"], row["label"]) for row in rows]


def _zero_shot(dataset: Official, folder: Path, split: str) -> tuple[list[str], list[Row]]:
    number = _numbered(dataset, split)[1]
    pairs = [("ZS_split{}.txt", "ZS_split{}_labels.csv"), ("ZS_split{}_K600_eval.txt", "ZS_split{}_K600.csv")]
    found = [pair for pair in pairs if (folder / pair[0].format(number)).is_file()] or pairs
    listed, labelled = (folder / name.format(number) for name in found[0])
    for path in (listed, labelled):
        if not path.is_file():
            raise _missing(dataset, path)
    names = read_names(labelled)
    return names, read_labelled(listed, dataset.format, len(names))


def _drawn_zero_shot(dataset: Release, folder: Path, annotation: str) -> Lists:
    """All videos of an annotation table whose class is in a published draw `published/ZS_split<n>_K600.csv`."""
    table = _annotations(dataset, folder, annotation)
    classes: dict[str, list[str]] = {}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        path = folder / "published" / f"ZS_split{_numbered(dataset, split)[1]}_K600.csv"
        if not path.is_file():
            raise _missing(dataset, path)
        classes[split] = read_names(path)
        label_of = {name: label for label, name in enumerate(classes[split])}
        splits[split] = [(video, label_of[name]) for video, name in table if name in label_of]
        absent = set(range(len(label_of))) - {label for _, label in splits[split]}
        if absent:
            raise UserError(
                f"dataset {dataset.name}: class '{classes[split][min(absent)]}' of {path} has no video in the "
                f"annotation table {annotation} of {folder}: check that the table is Kinetics-600's"
            )
    return classes, splits


def read_names(path: Path) -> list[str]:
    """A published table of class names, columns id and name, in the order of id."""
    table = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return [row["name"] for row in sorted(table, key=lambda row: int(row["id"]))]


def read_labelled(path: Path, fmt: str, classes: int) -> list[Row]:
    """A published list with lines `<file> <label>`; the last line may lack its newline."""
    rows: list[Row] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        file, label = _pair(line.rstrip(), path)
        if not label.isdigit() or int(label) >= classes:
            raise UserError(f"{path}: line '{line}' must end in a label from 0 to {classes - 1}")
        rows.append((video_id(file, fmt), int(label)))
    return rows


def _pair(line: str, path: Path) -> tuple[str, str]:
    """`<file> <tag>`, split at the last blank only: names hold blanks and ( ) ~ + @ # & ;"""
    parts = line.rsplit(" ", 1)
    if len(parts) != 2:
        raise UserError(f"{path}: line '{line}' must be a file name, a blank and a number")
    return parts[0].rstrip(), parts[1]


def _lines(dataset: Official, path: Path) -> list[str]:
    if not path.is_file():
        raise _missing(dataset, path)
    return [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _label(name: str, label_of: dict[str, int], path: Path) -> int:
    if name not in label_of:
        raise UserError(f"{path}: class '{name}' is not in the dataset's class list")
    return label_of[name]


def _numbered(dataset: Official, split: str) -> tuple[str, str]:
    """("train", "1") of train1."""
    kind = split.rstrip("0123456789")
    number = split[len(kind) :]
    if kind not in ("train", "test") or not number:
        raise UserError(f"dataset {dataset.name}: split '{split}' must be train1, test1, train2, ... for this format")
    return kind, number


def _ssv2_file(folder: Path, name: str) -> Path:
    long = folder / f"something-something-v2-{name}.json"
    return long if long.is_file() else folder / f"{name}.json"


def _missing(dataset: Official, path: Path) -> UserError:
    return UserError(
        f"dataset {dataset.name}: the official list {path} is missing: put the lists of the release into {path.parent} "
        "(mini: delete the dataset's folder and run again)"
    )
