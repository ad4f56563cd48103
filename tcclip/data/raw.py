"""Stage `raw`: a dataset's videos and official lists are in place, and a manifest says so."""

from __future__ import annotations

import csv
from pathlib import Path

from tcclip.data.videos.listing import find_videos
from tcclip.errors import UserError
from tcclip.process.files import atomic


def write_manifest(dataset: str, raw: Path, manifest: Path, own_list: bool = False) -> int:
    """Check that a dataset's videos and lists are there, and list them; returns the number of videos.

    `own_list`: the dataset is one's own, whose list is where its file says.
    """
    videos = find_videos(raw / "videos")
    lists = sorted(path for path in (raw / "lists").rglob("*") if path.is_file())
    if not lists and not own_list:
        raise UserError(
            f"dataset {dataset} has no official lists: put them under {raw / 'lists'}/ "
            "(or link a folder you have there) and run the same command again"
        )
    with atomic(manifest) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "bytes"])
        writer.writerows((path.relative_to(raw).as_posix(), path.stat().st_size) for path in [*videos, *lists])
    return len(videos)
