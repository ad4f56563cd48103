"""Split tables: the official splits and seeded few-shot subsets of the first training split, as (video, label)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tcclip import files
from tcclip.data.lists import Row, read_lists
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset


def few_shot(
    rows: Sequence[Row], k: int, seed: int, classes: Sequence[str] | None = None, where: str = "few-shot"
) -> list[Row]:
    """Exactly `k` videos of every class, class by class, drawn without replacement.

    A class's draw depends on the seed, k, its label and its set of videos, not on the order of rows or on other
    classes; subsets of different k are not nested, as in the published lists. `classes` names all classes (otherwise
    those in the rows count) and `where` the list, for the error when a class has fewer than `k` videos.
    """
    labels = range(len(classes)) if classes is not None else sorted({label for _, label in rows})
    by_label: dict[int, set[str]] = {label: set() for label in labels}
    for video, label in rows:
        by_label[label].add(video)
    drawn: list[Row] = []
    for label, videos in by_label.items():
        if len(videos) < k:
            name = classes[label] if classes is not None else label
            raise UserError(
                f"{where}: class '{name}' has {len(videos)} videos, {k} shots need {k}: "
                "take smaller few_shot.shots in the dataset's file or complete its lists"
            )
        rng = np.random.default_rng([seed, k, label])
        drawn += [(video, label) for video in sorted(rng.choice(sorted(videos), size=k, replace=False).tolist())]
    return drawn


def write_splits(dataset: Dataset, raw: Path, out: Path) -> None:
    """Write `out`/classes/<list>.csv (label, name) and `out`/<split>.csv (video, label), few-shot subsets included."""
    classes, splits = read_lists(dataset, raw)
    for split, rows in splits.items():
        if not rows:
            raise UserError(
                f"dataset {dataset.name}: split {split} is empty: its official list under {raw / 'lists'} has no video"
            )
    if dataset.few_shot is not None:
        source = dataset.splits[0]
        names = classes[dataset.class_list(source)]
        for k in dataset.few_shot.shots:
            where = f"dataset {dataset.name}, split {source}"
            splits[f"few_shot_k{k}"] = few_shot(splits[source], k, dataset.few_shot.seed, names, where)
    for name, names in classes.items():
        _write_table(out / "classes" / f"{name}.csv", ("label", "name"), enumerate(names))
    for split, rows in splits.items():
        _write_table(out / f"{split}.csv", ("video", "label"), rows)


def _write_table(path: Path, header: tuple[str, str], rows: Iterable[tuple[object, object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    files.write_text(path, text.getvalue())
