"""The scan of every video, its frames as JPEG in shards with random access, and the index of all shards.

Datasets with frames.store "online" are only scanned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.errors import UserError
from tcclip.params import Dataset, load_dataset
from tcclip.params.reader import flat
from tcclip.plan import layout
from tcclip.process.console import stage
from tcclip.process.options import Log
from tcclip.stages import fingerprint
from tcclip.stages.depends import mark_of

CODE = ("tcclip.data.videos.shards",)
HEAVY = CODE

app = typer.Typer()


def inputs(dataset: str) -> list[Path]:
    """The list of the videos; `dataset` may be a wildcard."""
    return [layout.manifest(dataset)]


def outputs(dataset: str, shard: int | str, store: str = "shards") -> list[Path]:
    """A shard's JPEGs and its index, or the index alone; `dataset` and `shard` may be wildcards."""
    return list(layout.shard(dataset, shard)[1 if store == "online" else 0 :])


def settings(dataset: Dataset) -> dict[str, Any]:
    """Frames depend on size and coding, and by the format of its lists a video has its name there."""
    unused = {"jpeg_quality"} if dataset.frames.store == "online" else set()
    return flat({**dataset.frames.model_dump(exclude=unused), "format": dataset.format})


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


def index_inputs(dataset: Dataset) -> list[Path]:
    """The files of all shards of a dataset."""
    frames = dataset.frames
    return [path for number in range(frames.shards) for path in outputs(dataset.name, number, frames.store)]


def index_outputs(dataset: str) -> list[Path]:
    """The index of all shards, and the table of broken videos; `dataset` may be a wildcard."""
    return [layout.frames_index(dataset), layout.broken(dataset)]


@app.command()
def frames(dataset: str, shard: int, log: Log = None) -> None:
    """Scan one shard of a dataset's videos, and write their frames unless they are decoded online."""
    with stage(f"frames of {dataset}, shard {shard:04d}", log):
        from tcclip.data.videos.listing import listed_videos
        from tcclip.data.videos.shards import write_shard

        of_dataset = load_dataset(dataset)
        if shard not in range(of_dataset.frames.shards):
            last = of_dataset.frames.shards - 1
            raise UserError(f"{dataset} has the shards 0 to {last}, and no shard {shard}: name one of these")
        videos = listed_videos(layout.manifest(dataset))
        files = layout.shard(dataset, shard)
        made_by = mark_of(settings(of_dataset), code())
        folder, fmt = layout.raw(dataset) / "videos", of_dataset.format
        write_shard(folder, videos, fmt, shard, of_dataset.frames, *files, made_by)


@app.command("frames-index")
def frames_index(dataset: str, log: Log = None) -> None:
    """Join the shards' indices of a dataset, and list its broken videos."""
    with stage(f"frame index of {dataset}", log) as report:
        from tcclip.data.videos.index import merge_index

        parts = [layout.shard(dataset, number)[1] for number in range(load_dataset(dataset).frames.shards)]
        for number, part in enumerate(parts):
            if not part.is_file():
                raise UserError(f"{part} is not there: `tcclip frames {dataset} {number}` makes it")
        report(merge_index(parts, *index_outputs(dataset)))
