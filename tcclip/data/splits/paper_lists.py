"""The paper's own lists of splits and class names."""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits.lists import Lists, read_labelled, read_names
from tcclip.errors import UserError
from tcclip.params.dataset import Published, Release


def read_published(dataset: Release, published: Published, raw: Path) -> Lists:
    """Class names and labelled videos of the lists under `raw`/lists/published that the dataset's file names."""
    folder = raw / "lists" / "published"
    classes = {name: read_names(_there(dataset, folder / file)) for name, file in published.classes.items()}
    splits = {
        split: read_labelled(_there(dataset, folder / file), dataset.format, len(classes[dataset.class_list(split)]))
        for split, file in published.splits.items()
    }
    return classes, splits


def _there(dataset: Release, path: Path) -> Path:
    if not path.is_file():
        raise UserError(
            f"dataset {dataset.name}: the list {path} is missing: "
            f"run `tcclip download {dataset.name}` and `tcclip unpack {dataset.name}`"
        )
    return path
