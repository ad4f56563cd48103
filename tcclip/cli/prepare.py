"""The commands that prepare what runs need: videos, splits, frames, CLIP's weights and token ids."""

from __future__ import annotations

from typing import Annotated

import typer

from tcclip.cli.options import Log, SuiteName
from tcclip.params import load_dataset
from tcclip.plan import layout, load_plan
from tcclip.process.console import stage
from tcclip.stages import declared

app = typer.Typer()


@app.command()
def download(
    dataset: str,
    verify: Annotated[bool, typer.Option("--verify", help="hash untouched files again as well")] = False,
    log: Log = None,
) -> None:
    """Fetch the files of a real dataset and its published lists, or go on where it was interrupted."""
    with stage(f"download of {dataset}", log) as report:
        from tcclip.data.release.download import download as fetch
        from tcclip.data.release.parcels import finished_archives

        settings, unpacked = load_dataset(dataset), finished_archives(dataset)
        report(fetch(settings, layout.downloads(dataset), again=verify, unpacked=unpacked))


@app.command()
def unpack(dataset: str, log: Log = None) -> None:
    """Unpack a dataset's downloaded archives into videos/ and lists/, or go on with it."""
    with stage(f"unpacking {dataset}", log) as report:
        from tcclip.data.release.unpack import unpack as unpack_all

        report(unpack_all(load_dataset(dataset)))


@app.command()
def raw(dataset: str, log: Log = None) -> None:
    """Generate a stand-in, or check that a real dataset's videos and lists are in place."""
    with stage(f"raw videos of {dataset}", log) as report:
        from tcclip.data.raw import write_manifest

        settings = load_dataset(dataset)
        if settings.generate:
            from tcclip.mini.writer import generate

            generate(settings, settings.generate.role, layout.raw(dataset))
        if settings.folder:
            from tcclip.data.videos.links import link_videos

            link_videos(dataset, settings.folder, layout.raw(dataset) / "videos")
        if settings.csv:
            from tcclip.data.splits.own_list import read_own

            read_own(settings)  # a mistake in it is better met before hours of frames than after
        own = settings.csv is not None
        report(f"{write_manifest(dataset, layout.raw(dataset), layout.manifest(dataset), own)} videos")


@app.command()
def splits(dataset: str, log: Log = None) -> None:
    """Write a dataset's split tables and class lists."""
    with stage(f"splits of {dataset}", log) as report:
        from tcclip.data.splits.write import write_splits

        settings = load_dataset(dataset)
        write_splits(settings, layout.raw(dataset), layout.splits(dataset))
        report(f"{len(settings.all_splits)} splits")


@app.command("llm-names")
def llm_names(dataset: str, log: Log = None) -> None:
    """Fetch FROSTER's rephrased class names (CC BY-NC-SA 4.0) and write them beside the dataset's class lists."""
    with stage(f"rephrased names of {dataset}", log) as report:
        from tcclip.data.release.download import download as fetch
        from tcclip.data.splits.llm_names import write_llm_names

        settings, folder = load_dataset(dataset), layout.llm_downloads(dataset)
        fetch(settings, folder, "llm")
        report(write_llm_names(settings, folder, layout.splits(dataset)))


@app.command()
def frames(dataset: str, shard: int, log: Log = None) -> None:
    """Scan one shard of a dataset's videos, and write their frames unless they are decoded online."""
    with stage(f"frames of {dataset}, shard {shard:04d}", log):
        from tcclip.data.videos.listing import listed_videos
        from tcclip.data.videos.shards import write_shard

        settings = load_dataset(dataset)
        videos = listed_videos(layout.manifest(dataset))
        files = layout.shard(dataset, shard)
        write_shard(layout.raw(dataset) / "videos", videos, settings.format, shard, settings.frames, *files)


@app.command("frames-index")
def frames_index(dataset: str, log: Log = None) -> None:
    """Join the shards' indices of a dataset, and list its broken videos."""
    with stage(f"frame index of {dataset}", log) as report:
        from tcclip.data.videos.index import merge_index

        parts = [layout.shard(dataset, number)[1] for number in range(load_dataset(dataset).frames.shards)]
        report(merge_index(parts, layout.frames_index(dataset), layout.broken(dataset)))


@app.command()
def backbone(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write CLIP's weights: pre-trained here (mini) or from open_clip (paper)."""
    with stage("CLIP weights", log) as report:
        settings = load_plan(suite).suite.backbone
        if settings.pretraining:
            from tcclip.backbone.pretraining.pretrain import pretrain as make
        else:
            from tcclip.backbone.from_open_clip import convert as make
        report(make(settings, layout.backbone(settings.name)))


@app.command()
def tokens(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write the token ids of every class name as each method of the suite writes it."""
    with stage("token ids of all class names", log) as report:
        from tcclip.backbone.tokens import write_tokens

        the_plan = load_plan(suite)
        methods = [the_plan.method(name) for name in the_plan.methods]
        out = layout.backbone(the_plan.suite.backbone.name) / "tokens.json"
        report(write_tokens(declared.class_files(the_plan), methods, out))
