"""Raw videos and official lists: generated for the mini suite, unpacked or linked for the real datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params import Dataset, load_dataset
from tcclip.params.reader import flat
from tcclip.plan import layout
from tcclip.process.console import stage
from tcclip.process.options import Log
from tcclip.stages import fingerprint

CODE = ("tcclip.data.raw",)
GENERATOR = "tcclip.mini.writer"  # of the mini suite's videos
HEAVY = (GENERATOR,)

app = typer.Typer()


def inputs(dataset: Dataset) -> list[Path]:
    """A real dataset comes from its archives; of one with videos in a `folder` it is the lists that do."""
    return [layout.unpacked(dataset.name)] if dataset.sources else []


def outputs(dataset: str) -> list[Path]:
    """The list of the raw files; `dataset` may be a wildcard."""
    return [layout.manifest(dataset)]


def settings(dataset: Dataset) -> dict[str, Any]:
    """A generated dataset depends on its recipe; a real one on the folder that the user names, if any."""
    recipe = {"format": dataset.format, "generate": dataset.generate.model_dump() if dataset.generate else {}}
    return flat(recipe | ({"folder": dataset.folder} if dataset.folder else {}))


def code(dataset: Dataset) -> str:
    """A generated dataset depends on its generator as well."""
    return fingerprint.code(*CODE, *([GENERATOR] if dataset.generate else []))


@app.command()
def raw(dataset: str, log: Log = None) -> None:
    """Generate a stand-in, or check that a real dataset's videos and lists are in place."""
    with stage(f"raw videos of {dataset}", log) as report:
        from tcclip.data.raw import write_manifest

        of_dataset = load_dataset(dataset)
        if of_dataset.generate:
            from tcclip.mini.writer import generate

            generate(of_dataset, of_dataset.generate.role, layout.raw(dataset))
        if of_dataset.folder:
            from tcclip.data.videos.links import link_videos

            link_videos(dataset, of_dataset.folder, layout.raw(dataset) / "videos")
        if of_dataset.csv:
            from tcclip.data.splits.own_list import read_own

            read_own(of_dataset)  # a mistake in it is better met before hours of frames than after
        own = of_dataset.csv is not None
        report(f"{write_manifest(dataset, layout.raw(dataset), layout.manifest(dataset), own)} videos")
