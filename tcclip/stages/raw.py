"""Raw videos and official lists: generated for the mini suite, unpacked or linked for the real datasets."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from tcclip.params import Dataset, load_dataset
from tcclip.params.dataset import Generated, Own, Release
from tcclip.params.reader import flat
from tcclip.plan import layout
from tcclip.process.console import stage, told
from tcclip.process.lock import alone
from tcclip.process.options import Log
from tcclip.stages import fingerprint

CODE = ("tcclip.data.raw",)
GENERATOR = "tcclip.mini.writer"  # of the mini suite's videos
OWN_GENERATORS = {"diagnostic": "tcclip.mini.diagnostic.writer"}  # of roles that stand in for no dataset of the paper
HEAVY = (GENERATOR, *OWN_GENERATORS.values())

app = typer.Typer()


def inputs(dataset: Dataset) -> list[Path]:
    """A real dataset comes from its archives; of one with videos in a `folder` it is the lists that do."""
    downloaded = isinstance(dataset, Release) and dataset.sources
    return [layout.unpacked(dataset.name)] if downloaded else []


def outputs(dataset: str) -> list[Path]:
    """The list of the raw files; `dataset` may be a wildcard."""
    return [layout.manifest(dataset)]


def settings(dataset: Dataset) -> dict[str, Any]:
    """A generated dataset depends on its recipe; a real one on the folder that the user names, if any."""
    generate = dataset.generate.model_dump() if isinstance(dataset, Generated) else {}
    folder = None if isinstance(dataset, Generated) else dataset.folder
    return flat({"format": dataset.format, "generate": generate} | ({"folder": folder} if folder else {}))


def code(dataset: Dataset) -> str:
    """A generated dataset depends on its generator as well."""
    return fingerprint.code(*CODE, *([generator(dataset)] if isinstance(dataset, Generated) else []))


def generator(dataset: Generated) -> str:
    """The module that writes a generated dataset."""
    return OWN_GENERATORS.get(dataset.generate.role, GENERATOR)


@app.command()
def raw(dataset: str, log: Log = None) -> None:
    """Generate a stand-in, or check that a real dataset's videos and lists are in place."""
    with stage(f"raw videos of {dataset}", log) as report:
        from tcclip.data.raw import cure_of, write_manifest
        from tcclip.data.splits.own_list import read_entries, split_entries
        from tcclip.data.splits.write import own_remarks
        from tcclip.data.videos.listing import listed_bytes

        of_dataset = load_dataset(dataset)
        with _alone(of_dataset):
            _put_in_place(of_dataset)
            own = read_entries(of_dataset) if isinstance(of_dataset, Own) else None  # its mistakes come before all else
            manifest, cure = layout.manifest(dataset), cure_of(of_dataset)
            done = f"{write_manifest(dataset, layout.raw(dataset), manifest, own is not None, cure)} videos"
        remarks = []
        if isinstance(of_dataset, Own) and own:
            splits = split_entries(of_dataset, own)[1]
            there = listed_bytes(manifest)
            remarks = own.remarks + own_remarks(of_dataset, own, splits, layout.raw(dataset) / "videos", there)
        report("; ".join([done, *told(remarks)]))


def _alone(dataset: Dataset) -> AbstractContextManager[None]:
    """Two clones may share a data folder, and a stand-in's files are removed before they are written."""
    if not isinstance(dataset, Generated):
        return nullcontext()
    busy = f"{{holder}} makes the raw files of {dataset.name}: wait for it, then run the same command again"
    return alone(layout.raw(dataset.name) / ".lock", busy)


def _put_in_place(dataset: Dataset) -> None:
    """Write a stand-in's files, or links to the videos of a folder."""
    folder = layout.raw(dataset.name)
    if isinstance(dataset, Generated):
        from tcclip.mini.same_bytes import keeping_times

        write = import_module(generator(dataset)).generate
        with keeping_times(folder):
            write(dataset, dataset.generate.role, folder)
    elif dataset.folder:
        from tcclip.data.videos.links import link_videos

        link_videos(dataset.name, dataset.folder, folder / "videos")
