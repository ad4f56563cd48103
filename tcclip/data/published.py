"""The paper's own lists of splits and class names, and class names rephrased by a language model."""

from __future__ import annotations

import json
from pathlib import Path

from tcclip.data.lists import Lists, read_labelled, read_names
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset


def read_published(dataset: Dataset, raw: Path) -> Lists:
    """Class names and labelled videos of the lists under `raw`/lists/published that the dataset's file names."""
    assert dataset.published is not None
    folder = raw / "lists" / "published"
    classes = {name: read_names(_there(dataset, folder / file)) for name, file in dataset.published.classes.items()}
    splits = {
        split: read_labelled(_there(dataset, folder / file), dataset.format, len(classes[dataset.class_list(split)]))
        for split, file in dataset.published.splits.items()
    }
    return classes, splits


def read_llm_names(dataset: Dataset, raw: Path) -> dict[str, list[str]]:
    """The rephrased names {label: name} of every class list that has them, in label order."""
    found = {}
    for class_list, file in dataset.llm_names.items():
        path = _there(dataset, raw / "lists" / "llm" / file, "--llm-names")
        names = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(names, dict) or sorted(names, key=int) != [str(label) for label in range(len(names))]:
            raise UserError(f"{path}: expected an object of names by label, 0 to the number of classes less one")
        found[class_list] = [names[str(label)] for label in range(len(names))]
    return found


def _there(dataset: Dataset, path: Path, option: str = "") -> Path:
    if not path.is_file():
        raise UserError(
            f"dataset {dataset.name}: the list {path} is missing: "
            f"run `{' '.join(f'tcclip download {dataset.name} {option}'.split())}` and `tcclip unpack {dataset.name}`"
        )
    return path
