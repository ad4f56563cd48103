"""Split tables (video, label) and class lists, from the published lists or from the official ones and our own draws."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tcclip.data.splits.base_novel import base_novel_lists
from tcclip.data.splits.class_names import check_official
from tcclip.data.splits.few_shot import few_shot
from tcclip.data.splits.lists import Lists, Row, read_lists
from tcclip.data.splits.own_list import read_own
from tcclip.data.splits.paper_lists import read_published
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Own, Published, Release
from tcclip.process import files


def write_splits(dataset: Dataset, raw: Path, out: Path) -> None:
    """Write `out`/classes/<list>.csv (label, name) and `out`/<split>.csv (video, label), drawn lists included."""
    match dataset:
        case Release(uses_published=Published() as published):
            classes, splits = read_published(dataset, published, raw)
        case Own():
            classes, splits = _with_draws(dataset, *read_own(dataset))
        case _:
            classes, splits = _with_draws(dataset, *read_lists(dataset, raw))
    if not isinstance(dataset, Own):
        for names in classes.values():
            check_official(dataset.name, names, raw / "lists")
    for split, rows in splits.items():
        if not rows:
            raise UserError(
                f"dataset {dataset.name}: split {split} is empty: its official list under {raw / 'lists'} has no video"
            )
    for name, names in classes.items():
        write_table(out / "classes" / f"{name}.csv", ("label", "name"), enumerate(names))
    for split, rows in splits.items():
        write_table(out / f"{split}.csv", ("video", "label"), rows)


def _with_draws(dataset: Dataset, classes: dict[str, list[str]], splits: dict[str, list[Row]]) -> Lists:
    """The lists, with few-shot and base-to-novel lists drawn from them."""
    source = dataset.splits[0]
    where = f"dataset {dataset.name}, split {source}"
    names = classes[dataset.class_list(source)]
    train = splits[source]
    if dataset.few_shot is not None:
        for k in dataset.few_shot.shots:
            splits[f"few_shot_k{k}"] = few_shot(train, k, [dataset.few_shot.seed], names, where)
    if dataset.base_novel is not None:
        test = splits[dataset.splits[1]]
        more_classes, more_splits = base_novel_lists(train, test, names, dataset.base_novel, where)
        return classes | more_classes, splits | more_splits
    return classes, splits


def write_table(path: Path, header: tuple[str, str], rows: Iterable[tuple[object, object]]) -> None:
    """Write a table of two columns atomically."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    files.write_text(path, text.getvalue())
