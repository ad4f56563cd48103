"""The command group `tcclip data`: what is there of the datasets, and what reading them costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from tcclip.plan import load_plan
from tcclip.plan.advice import frames_again
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

if TYPE_CHECKING:
    from tcclip.data.status import SplitStatus, Status

app = typer.Typer(no_args_is_help=True, help="What is there of the datasets, and what reading them costs.")

SHOWN = 5  # missing videos of a split


@app.command()
def status(
    suite: SuiteName = "mini",
    missing: Annotated[bool, typer.Option("--missing", help="name all missing and broken videos")] = False,
) -> None:
    """Say what is there of each dataset: videos, broken ones, coverage of the splits, disk use, and what is missing."""
    with stage("data", None) as say:
        from tcclip.data.status import status_of

        complete = 0
        datasets = load_plan(suite).datasets.values()
        for dataset in datasets:
            found = status_of(dataset)
            complete += not found.to_do
            print("\n".join(_lines(found, missing)) + "\n")
        config = "" if suite == "mini" else f" --config suite={suite}"
        rest = "" if complete == len(datasets) else f"; `snakemake frames{config}` makes what is missing"
        say(f"{complete} of {len(datasets)} datasets of suite {suite} are complete{rest}")


@app.command()
def bench(
    videos: Annotated[int, typer.Option(help="made for the measurement")] = 8,
    seconds: Annotated[int, typer.Option(help="of a video")] = 10,
    clips: Annotated[int, typer.Option(help="per way of loading")] = 64,
    frames: Annotated[int, typer.Option(help="of a clip")] = 16,
    size: Annotated[int, typer.Option(help="of a training clip, pixels")] = 224,
    short_side: Annotated[int, typer.Option(help="of stored frames, pixels")] = 256,
    quality: Annotated[int, typer.Option(help="of stored JPEGs")] = 90,
    method: Annotated[str, typer.Option(help="whose augmentation")] = "tc_clip",
) -> None:
    """Measure extraction and loading, from shards and online, on videos made for it; processor time of one core."""
    with stage("data bench", None):
        from tcclip.bench import reading as measurement

        print(
            measurement.bench(
                measurement.ReadingSizes(videos, seconds, clips, frames, size, short_side, quality), method
            )
        )


def _lines(found: Status, all_names: bool) -> list[str]:
    dataset = found.dataset
    lines = [f"{dataset.name}: {dataset.description}"]
    if not found.videos and not found.splits and not found.scanned and not any(found.disk.values()):
        return [*lines, f"  nothing is there: {found.to_do['raw']}"]
    text = f"{found.videos:,} on disk"
    if found.scanned:
        text += f", {found.broken:,} broken, {found.shorter:,} shorter than announced"
        text += f" (data/frames/{dataset.name}/broken.csv)" if found.broken + found.shorter else ""
    lines.append(f"  videos    {text}")
    if found.scanned and found.broken + found.shorter:
        lines.append(f"  repair    put whole files there, and {frames_again(dataset.name)} scans what has changed")
    for split in found.splits:
        lines += _coverage(split, found, all_names)
    lines += [f"  missing   {name}: {text}" for name, text in found.to_do.items()]
    lines.append("  disk      " + ", ".join(f"{name} {decimal(count)}" for name, count in found.disk.items()))
    return lines


def _coverage(split: SplitStatus, found: Status, all_names: bool) -> list[str]:
    """A split's coverage; before the scan the videos on disk count."""
    absent = split.listed - split.found
    line = f"  coverage  {split.name:14s} {split.found:,} of {split.listed:,}" + ("" if found.scanned else " on disk")
    if not absent:
        return [line]
    limit = found.dataset.max_missing
    line += f", {len(split.missing):,} missing, {len(split.broken):,} broken"
    line += f": a run stops (max_missing: {limit:g})" if absent > limit * split.listed else ""
    names = [*split.missing, *(f"{video} (broken)" for video in split.broken)]
    shown = names if all_names else names[:SHOWN]
    rest = "" if len(shown) == len(names) else f" ... and {len(names) - len(shown):,} more (--missing)"
    if all_names:
        return [line, *(f"      {name}" for name in shown)]
    return [line, f"      {', '.join(shown)}{rest}"]
