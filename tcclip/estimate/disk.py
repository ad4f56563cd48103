"""What a suite's datasets take on the disk: measured where they are there, else as stated in their files."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from tcclip.params.dataset import Dataset, Release
from tcclip.plan import layout

GB = 1e9
MB = 1e6


@dataclass(frozen=True)
class Size:
    """A number of bytes; None is not known yet."""

    bytes: float | None
    measured: bool = False


@dataclass(frozen=True)
class Disk:
    """What a dataset takes."""

    videos: int | None
    download: Size
    raw: Size  # videos and lists
    frames: Size


def disk_of(dataset: Dataset) -> Disk:
    """Files at hand are measured; a dataset without `sources` or with a `folder` is not downloaded."""
    release = dataset if isinstance(dataset, Release) else None
    sources, files = release.sources if release else None, _files(dataset.name)
    videos = sum(path.startswith("videos/") for path, _ in files) or (sources.videos if sources else None)
    stated = sources.gigabytes * GB if sources else None
    received = layout.received(dataset.name)
    if received.is_file():
        with open(received, newline="", encoding="utf-8") as file:
            download = Size(sum(int(row["bytes"]) for row in csv.DictReader(file)), measured=True)
    elif release is None or release.folder or not sources:
        download = Size(0, measured=True)
    else:
        download = Size(stated)
    raw = Size(sum(size for _, size in files), measured=True) if files else Size(stated)
    return Disk(videos, download, raw, _frames(dataset, videos, sources.frames_mb if sources else None))


def _files(name: str) -> list[tuple[str, int]]:
    """(path, bytes) of the manifest, if there is one."""
    manifest = layout.manifest(name)
    if not manifest.is_file():
        return []
    with open(manifest, newline="", encoding="utf-8") as file:
        return [(row["path"], int(row["bytes"])) for row in csv.DictReader(file)]


def _frames(dataset: Dataset, videos: int | None, each: float | None) -> Size:
    if dataset.frames.store == "online":
        return Size(0, measured=True)
    if layout.frames_index(dataset.name).is_file():
        shards = (layout.shard(dataset.name, number)[0] for number in range(dataset.frames.shards))
        return Size(sum(path.stat().st_size for path in shards if path.is_file()), measured=True)
    return Size(videos * each * MB if videos and each else None)
