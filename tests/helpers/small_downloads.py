"""A dataset of a few small files, downloaded without waiting."""

from __future__ import annotations

import csv
import hashlib
import random
from pathlib import Path

from tcclip.data.release.download import download
from tcclip.params.dataset import Frames, Release
from tcclip.params.downloads import Downloads
from tcclip.params.release import RemoteFile, Sources

QUICK = Downloads(
    attempts=3,
    backoff_seconds=0.001,
    backoff_limit_seconds=0.002,
    parallel=4,
    connect_timeout_seconds=5,
    read_timeout_seconds=5,
)
CONTENT = b"PK\x03\x04" + random.Random(1).randbytes(1996)
OTHER = b"PK\x03\x04" + random.Random(2).randbytes(1996)
SHA = hashlib.sha256(CONTENT).hexdigest()


def dataset(*files: RemoteFile, **more) -> Release:
    sources = Sources(licence="to be read", page="https://page", videos=1, gigabytes=0.1, files=list(files), **more)
    return Release(
        name="toy",
        description="",
        format="ucf101",
        splits=["train1"],
        class_lists="one",
        flip=True,
        frames=Frames(short_side=8, jpeg_quality=90, shards=1, decode_timeout_s=1),
        sources=sources,
    )


def get(folder: Path, *urls: str, name: str = "a.zip", **known) -> bytes:
    """Download one file and give its content."""
    download(dataset(RemoteFile(name=name, urls=list(urls), **known)), folder, settings=QUICK)
    return (folder / name).read_bytes()


def left_over(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {".lock", "hashes.csv", "received.csv"}


def received(folder: Path) -> dict[str, dict[str, str]]:
    """What is remembered of the files in `folder`, by name."""
    with open(folder / "received.csv", newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}
