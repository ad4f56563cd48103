"""How many videos a split has: from its table, or before that is made from what is stated about it."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Generated, Own, Release
from tcclip.params.reader import params_folder
from tcclip.plan import layout

ALL_TESTS = "all_tests"  # in a data set's counts: videos of all official test splits, those of several once


class _Seen(NamedTuple):
    """A file as it is now."""

    path: Path
    modified: int  # nanoseconds
    bytes: int


def _seen(path: Path) -> _Seen:
    return _Seen(path.absolute(), path.stat().st_mtime_ns, path.stat().st_size)


def split_size(dataset: Dataset, split: str) -> int | None:
    """Listed videos of a split; None if nothing is known about it yet."""
    table = layout.split(dataset.name, split)
    if table.is_file():
        return _rows(_seen(table))
    return _published(dataset, split) or _drawn(dataset, split) or _official(dataset, split)


def tested_together(dataset: Dataset, splits: Sequence[str]) -> int:
    """Videos of test splits, those of several once; before their tables are made as far as is stated about them.

    Of a split that nothing is known about there are none.
    """
    tables = [layout.split(dataset.name, split) for split in splits]
    if all(table.is_file() for table in tables):
        return _union(tuple(map(_seen, tables)))
    parts = {"base_test", "novel_test"} if dataset.splits[1:] and dataset.splits[1] in splits else set()
    listed = sum(split_size(dataset, split) or 0 for split in splits if split not in parts)
    return min(listed, dataset.counts.get(ALL_TESTS, listed))


def classes(dataset: Dataset) -> int | None:
    """How many classes the dataset has, as far as is known."""
    if "classes" in dataset.counts:
        return dataset.counts["classes"]
    own = _own(dataset)
    return own.classes if own else None


@functools.cache
def _rows(table: _Seen) -> int:
    """Videos of a split table, counted once: a plan asks hundreds of times for the longest."""
    with open(table.path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1  # the header


@functools.cache
def _union(tables: tuple[_Seen, ...]) -> int:
    """Videos of several split tables."""
    found: set[str] = set()
    for table in tables:
        with open(table.path, newline="", encoding="utf-8") as file:
            found.update(row["video"] for row in csv.DictReader(file))
    return len(found)


def _published(dataset: Dataset, split: str) -> int | None:
    """The rows of the paper's list, as params/split_files.csv states them."""
    if not isinstance(dataset, Release) or dataset.uses_published is None:
        return None
    file = params_folder() / "split_files.csv"
    return _stated(file, file.stat().st_mtime_ns).get((dataset.name, dataset.uses_published.splits.get(split, "")))


@functools.cache
def _stated(file: Path, _changed: int) -> dict[tuple[str, str], int | None]:
    """Rows of the published lists by dataset and name; a plan asks thousands of times, so that it is read once."""
    found: dict[tuple[str, str], int | None] = {}
    with open(file, newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["kind"] == "published":
                found.setdefault((row["dataset"], Path(row["path"]).name), int(row["rows"]) if row["rows"] else None)
    return found


def _drawn(dataset: Dataset, split: str) -> int | None:
    """Videos per class times classes, of lists that this program draws; half of a test list for base and for novel."""
    number = classes(dataset)
    if number is None:
        return None
    if shots := re.fullmatch(r"few_shot_k(\d+)", split):
        return int(shots[1]) * number
    base = number - number // 2
    if split.startswith("base_train") and dataset.base_novel:
        return dataset.base_novel.shots * base
    if split in ("base_test", "novel_test") and (tested := split_size(dataset, dataset.splits[1])):
        of_base = round(tested * base / number)
        return of_base if split == "base_test" else tested - of_base
    return None


def _official(dataset: Dataset, split: str) -> int | None:
    if split in dataset.counts:
        return dataset.counts[split]
    if isinstance(dataset, Generated) and "classes" in dataset.counts:
        per_class = dataset.generate.train_per_class if split.startswith("train") else dataset.generate.test_per_class
        return per_class * dataset.counts["classes"]
    own = _own(dataset)
    return own.videos.get(split) if own else None


class _OwnList(NamedTuple):
    """What a list of one's own has."""

    classes: int
    videos: dict[str, int]  # by split


def _own(dataset: Dataset) -> _OwnList | None:
    """What one's own list has; None where it is not there or has a mistake, which stage `raw` reports."""
    if not isinstance(dataset, Own) or not dataset.list_path.is_file():
        return None
    files = [path for path in (dataset.list_path, dataset.names_path) if path and path.is_file()]
    return _read_own(dataset.model_dump_json(), tuple(map(_seen, files)))


@functools.lru_cache(maxsize=16)
def _read_own(dataset: str, _files: tuple[_Seen, ...]) -> _OwnList | None:
    """As `_own`, of the content of a dataset's file; read once, as long as the list is the same."""
    from tcclip.data.splits.own_list import read_own

    try:
        splits = read_own(Own.model_validate_json(dataset))[1]
    except UserError:
        return None
    videos = {split: len(rows) for split, rows in splits.items()}
    return _OwnList(len({label for rows in splits.values() for _, label in rows}), videos)
