"""What is there of a dataset, at any stage: videos, scan, split tables with their coverage, disk use, what comes next.

Everything is read from tables (manifest, index, splits), so that it takes seconds for hundreds of thousands of videos.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from tcclip.data.splits.split_tables import read_split
from tcclip.data.videos.listing import files_below, video_id, videos_below
from tcclip.data.videos.seen import look_at
from tcclip.params.dataset import Dataset, Own, Release
from tcclip.plan import layout


@dataclass(frozen=True)
class SplitStatus:
    """A split against the videos that are there: those with frames, or before the scan those on the disk."""

    name: str
    listed: int
    missing: list[str]  # in the table's order
    broken: list[str]

    @property
    def found(self) -> int:
        """Listed videos that are there."""
        return self.listed - len(self.missing) - len(self.broken)


@dataclass(frozen=True)
class Status:
    """What is there of one dataset."""

    dataset: Dataset
    videos: int  # files on the disk
    shards: int  # finished
    scanned: bool  # the index of all shards is there
    broken: int  # without a single frame
    shorter: int  # than their container announces
    splits: list[SplitStatus]  # of the split tables that are there
    disk: dict[str, int]  # bytes by stage: downloads, raw, frames, splits
    to_do: dict[str, str]  # stage that is missing -> the command that makes it


def status_of(dataset: Dataset) -> Status:
    """Look at a dataset's files; nothing is decoded and nothing written."""
    raw, index_file = layout.raw(dataset.name), layout.frames_index(dataset.name)
    files = _raw_files(dataset.name)
    on_disk = files[files["path"].str.startswith("videos/")]["path"]
    scanned = index_file.is_file()
    if scanned:
        index = pq.read_table(index_file, columns=["video", "frames", "defect"]).to_pandas()
        frames = pd.Series(index["frames"].to_numpy(), index=index["video"])
    else:
        index = pd.DataFrame({"video": [], "frames": [], "defect": []})
        names = {video_id(path, dataset.format) for path in on_disk}
        frames = pd.Series(1, index=pd.Index(sorted(names), dtype=object))
    tables = [split for split in dataset.all_splits if layout.split(dataset.name, split).is_file()]
    none = index["frames"] == 0
    shards = sum(layout.shard(dataset.name, number)[1].is_file() for number in range(dataset.frames.shards))
    return Status(
        dataset=dataset,
        videos=len(on_disk),
        shards=shards,
        scanned=scanned,
        broken=int(none.sum()),
        shorter=int(((index["defect"] != "") & ~none).sum()),
        splits=[_split(layout.split(dataset.name, split), frames) for split in tables],
        disk={
            "downloads": _bytes_below(layout.downloads(dataset.name)),
            "raw": int(files["bytes"].sum()),
            "frames": _bytes_below(layout.frames(dataset.name)),
            "splits": _bytes_below(layout.splits(dataset.name)),
        },
        to_do=_to_do(dataset, raw, len(on_disk), len(tables), scanned, shards),
    )


def _split(path: Path, frames: pd.Series) -> SplitStatus:
    listed = pd.Series([video for video, _ in read_split(path)], dtype=object)
    known = listed.map(frames)  # NaN where a video is not there
    return SplitStatus(path.stem, len(listed), listed[known.isna()].tolist(), listed[known == 0].tolist())


def _raw_files(name: str) -> pd.DataFrame:
    """Columns path (videos/... or lists/...) and bytes: from the manifest, or from the folders before it is made."""
    manifest = layout.manifest(name)
    if manifest.is_file():
        return pd.read_csv(manifest, dtype={"path": str, "bytes": "int64"}, keep_default_na=False)
    raw = layout.raw(name)
    videos = [(path, look_at(path).bytes) for path in videos_below(raw / "videos", unknown=False)]
    found = [(path.relative_to(raw).as_posix(), size) for path, size in [*videos, *_walk(raw / "lists")]]
    return pd.DataFrame(found, columns=["path", "bytes"]).astype({"path": str, "bytes": "int64"})


def _to_do(dataset: Dataset, raw: Path, videos: int, tables: int, scanned: bool, shards: int) -> dict[str, str]:
    missing: dict[str, str] = {}
    steps = ("download", "unpack", "raw") if isinstance(dataset, Release) and dataset.sources else ("raw",)
    commands = ", ".join(f"`tcclip {step} {dataset.name}`" for step in steps)
    if not layout.manifest(dataset.name).is_file():
        seen = f"{videos:,} files, not checked yet," if videos else "no videos"
        missing["raw"] = f"{seen} below {raw / 'videos'}: {commands}"
    if not isinstance(dataset, Own) and not any((raw / "lists").rglob("[!.]*")):
        missing["lists"] = f"none below {raw / 'lists'}: {commands}"
    if tables < len(dataset.all_splits):
        missing["splits"] = f"{tables} of {len(dataset.all_splits)} tables: `tcclip splits {dataset.name}`"
    if not scanned:
        missing["frames"] = (
            f"{shards} of {dataset.frames.shards} shards: `snakemake {layout.frames_index(dataset.name)}` "
            "(finished shards are kept)"
        )
    return missing


def _bytes_below(folder: Path) -> int:
    return sum(size for _, size in _walk(folder))


def _walk(folder: Path) -> list[tuple[Path, int]]:
    """All files below `folder` with their bytes; links to folders are followed, what cannot be read is left out."""
    return [(path, path.stat().st_size) for path in files_below(folder) if path.is_file()]
