"""The manifest of a dataset: its raw files with size and time, and what has been exchanged since."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from tcclip.data.videos.seen import SeenFile, content_of, look_at
from tcclip.process import files


def take_notice(raw: Path, manifest: Path, broken: Path, parts: Sequence[Path], write: bool = True) -> list[str]:
    """Write into the manifest which of the videos with a defect have been exchanged since; returns these.

    Without `write` it changes nothing. The manifest is what makes the shards' jobs, which scan such a video again. Only
    videos of `broken`, the table of defects, are looked at, so that it costs nothing; `tcclip raw` looks at all. A file
    that has another time and the content that was scanned (`parts`, the shards' indices) is the same.
    """
    if not manifest.is_file() or not broken.is_file():
        return []
    with open(broken, newline="", encoding="utf-8") as file:
        paths = [f"videos/{row['path']}" for row in csv.DictReader(file)]
    if not paths:
        return []
    rows = read_rows(manifest)
    changed = {}
    for path in paths:
        if path in rows and (now := _now(raw / path)) and now != rows[path]:
            changed[path] = now
    if same_size := [path for path, now in changed.items() if now.bytes == rows[path].bytes]:
        from tcclip.data.videos.index import contents  # rarely needed, and slow to load

        scanned = contents(parts)
        for path in same_size:
            if scanned.get(path.removeprefix("videos/")) == content_of(raw / path):
                del changed[path]
    if changed and write:
        write_rows(manifest, [(path, *seen) for path, seen in (rows | changed).items()])
    return [path.removeprefix("videos/") for path in changed]


def _now(video: Path) -> SeenFile | None:
    try:
        return look_at(video)
    except OSError:
        return None


def read_rows(manifest: Path) -> dict[str, SeenFile]:
    """The rows of a manifest; none of one that was written before times stood in it."""
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if "modified" not in (rows.fieldnames or []):
            return {}
        return {row["path"]: SeenFile(int(row["bytes"]), int(row["modified"])) for row in rows}


def write_rows(manifest: Path, rows: Sequence[tuple[object, ...]]) -> None:
    """Write a manifest; one that says the same stays as it is."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["path", "bytes", "modified"])
    writer.writerows(rows)
    content = text.getvalue().encode()
    if not manifest.is_file() or manifest.read_bytes() != content:
        with files.atomic(manifest) as part:
            part.write_bytes(content)
