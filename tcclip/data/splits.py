"""Split tables (video, label) and class lists, from the published lists or from the official ones and our own draws."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tcclip import files
from tcclip.data.base_novel import base_novel_lists
from tcclip.data.few_shot import few_shot
from tcclip.data.lists import Lists, read_lists
from tcclip.data.published import read_llm_names, read_published
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset


def write_splits(dataset: Dataset, raw: Path, out: Path, llm_names: bool = False) -> None:
    """Write `out`/classes/<list>.csv (label, name) and `out`/<split>.csv (video, label), drawn lists included.

    `llm_names` adds `out`/classes/<list>-llm.csv for the class lists that have rephrased names.
    """
    classes, splits = read_published(dataset, raw) if dataset.lists == "published" else _official(dataset, raw)
    if llm_names:
        rephrased = read_llm_names(dataset, raw)
        _check_lengths(dataset, classes, rephrased)
        classes |= {f"{name}-llm": names for name, names in rephrased.items()}
    for split, rows in splits.items():
        if not rows:
            raise UserError(
                f"dataset {dataset.name}: split {split} is empty: its official list under {raw / 'lists'} has no video"
            )
    for name, names in classes.items():
        _write_table(out / "classes" / f"{name}.csv", ("label", "name"), enumerate(names))
    for split, rows in splits.items():
        _write_table(out / f"{split}.csv", ("video", "label"), rows)


def _official(dataset: Dataset, raw: Path) -> Lists:
    """The official lists, with few-shot and base-to-novel lists drawn from them."""
    classes, splits = read_lists(dataset, raw)
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


def _check_lengths(dataset: Dataset, classes: dict[str, list[str]], rephrased: dict[str, list[str]]) -> None:
    for name, names in rephrased.items():
        if len(names) != len(classes[name]):
            raise UserError(
                f"params/datasets/{dataset.name}.yaml: llm_names: {dataset.llm_names[name]} has {len(names)} rephrased "
                f"names, and class list {name} has {len(classes[name])} classes"
            )


def _write_table(path: Path, header: tuple[str, str], rows: Iterable[tuple[object, object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    files.write_text(path, text.getvalue())
