"""Which files of a folder are videos, and by which name the rest of the program knows them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tcclip.errors import UserError

SUFFIXES = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}
YOUTUBE_ID = 11  # characters


def video_id(name: str, fmt: str) -> str:
    """The identity of a video given its path or list entry: the file's stem; for Kinetics the YouTube id at its start.

    One's own videos (csv) may have one name in two folders: theirs is the path below the folder without the suffix.
    Kinetics lists name the same clip by different folders and time stamps (methods.md 8.4); the id is what they share.
    """
    if fmt == "csv":
        path = PurePosixPath(name)
        return str(path.with_suffix("") if path.suffix.lower() in SUFFIXES else path)
    stem = PurePosixPath(name).stem
    return stem[:YOUTUBE_ID] if fmt == "kinetics" else stem


def find_videos(folder: Path) -> list[Path]:
    """All video files under `folder`, sorted by their path below it; none at all is an error."""
    found = [
        path
        for path in files_below(folder)
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not found:
        raise UserError(
            f"no video under {folder}: expected files of the official release there ({', '.join(sorted(SUFFIXES))}); "
            "put them there (mini: delete the dataset's folder and run again) and repeat the command"
        )
    for path in found:
        if not is_text(str(path)):
            raise UserError(f"{str(path)!r}: the name is not UTF-8: rename the file and run the same command again")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def is_text(name: str) -> bool:
    """Whether a file's name can be written down; Linux allows names that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def files_below(folder: Path) -> Iterator[Path]:
    """Everything below `folder` that is no folder; links to folders are followed, but not in circles."""
    above: dict[Path, set[Path]] = {}  # folder -> where those above it really are
    for parent, folders, names in os.walk(folder, followlinks=True):
        here = Path(parent)
        real = above.pop(here, set()) | {here.resolve()}
        folders[:] = [name for name in folders if (here / name).resolve() not in real]
        above |= dict.fromkeys((here / name for name in folders), real)
        yield from (here / name for name in names)


def listed_videos(manifest: Path) -> list[str]:
    """The video files that stage `raw` has listed, by their paths below the videos' folder, sorted.

    Every shard's job needs all names, and reading them is much cheaper than looking through the folders again.
    """
    if not manifest.is_file():
        raise UserError(f"{manifest} is missing: `tcclip raw {manifest.parent.name}` makes it")
    with open(manifest, newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    return sorted(path.removeprefix("videos/") for path in paths if path.startswith("videos/"))
