"""Split tables (video, label) and class lists, from the official lists and the seeded few-shot sampler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params import Dataset, load_dataset
from tcclip.params.dataset import Own, Release
from tcclip.params.reader import flat
from tcclip.plan import Plan, layout
from tcclip.process.console import stage, told
from tcclip.process.options import Log
from tcclip.stages import fingerprint

CODE = ("tcclip.data.splits.write",)
FORMATS = "tcclip.data.splits.formats"  # a module for each format of official lists

app = typer.Typer()


def inputs(dataset: Dataset) -> list[Path]:
    """The manifest, and one's own list and names; where these are not there it is stage `raw` that says so."""
    return [layout.manifest(dataset.name), *_given(dataset)]


def _given(dataset: Dataset) -> list[Path]:
    """One's own list and names, as far as they are there."""
    own = [dataset.list_path, dataset.names_path] if isinstance(dataset, Own) else []
    return [path for path in own if path and path.is_file()]


def outputs(dataset: Dataset) -> list[Path]:
    """Every split table and class list of a dataset."""
    tables = [layout.split(dataset.name, split) for split in dataset.all_splits]
    return tables + [layout.classes(dataset.name, name) for name in dataset.all_class_lists]


def settings(dataset: Dataset) -> dict[str, Any]:
    """Split tables depend on the lists that are read, on what is in one's own, and on the samplers' seeds."""
    lists = {"format", "splits", "class_lists", "few_shot", "base_novel"}
    match dataset:
        case Release(lists="published"):
            lists = {"format", "class_lists", "published"}
        case Release():
            lists |= {"lists", "zero_shot_from"}
        case Own():
            lists |= {"csv", "names", "test_share", "split_seed"}
    return flat(dataset.model_dump(include=lists)) | fingerprint.given(_given(dataset))


def code(dataset: Dataset) -> str:
    """Fingerprint of the stage's code, with the module that reads the dataset's own lists and no other's."""
    own = [] if isinstance(dataset, Own) else [f"{FORMATS}.{dataset.format}"]
    return fingerprint.code(*CODE, *own)


def class_files(plan: Plan) -> list[Path]:
    """Every class list of the suite."""
    return [layout.classes(name, names) for name, dataset in plan.datasets.items() for names in dataset.all_class_lists]


@app.command()
def splits(dataset: str, log: Log = None) -> None:
    """Write a dataset's split tables and class lists."""
    with stage(f"splits of {dataset}", log) as report:
        from tcclip.data.splits.write import write_splits
        from tcclip.data.videos.listing import listed_bytes

        of_dataset = load_dataset(dataset)
        there = listed_bytes(layout.manifest(dataset))
        remarks = write_splits(of_dataset, layout.raw(dataset), layout.splits(dataset), there)
        report("; ".join([f"{len(of_dataset.all_splits)} splits", *told(remarks)]))
