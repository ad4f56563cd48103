"""From what a person names to videos: files, folders, lists of either, and ids of a dataset."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcclip.data.splits.records import read_text
from tcclip.data.videos.listing import (
    FEWEST,
    NO_VIDEOS,
    PICTURES,
    SUFFIXES,
    files_below,
    pictures_of,
    video_id,
    videos_below,
)
from tcclip.data.videos.scanned import File
from tcclip.errors import UserError
from tcclip.prediction.source import VideoReading

LISTS = {".txt", ".csv", ".tsv", ".lst"}  # suffixes of files that name videos, a line each
COLUMNS = ("video", "path")  # of a CSV, that has them


@dataclass(frozen=True)
class NamedVideo:
    """A video as a person named it."""

    shown: str
    path: Path | None  # None: an id of the dataset
    below: Path | None = None  # the folder that was named


def named_videos(arguments: Iterable[str | Path], ids: Container[str] = ()) -> list[NamedVideo]:
    """The videos of files, folders and lists; what is no file is an id of the dataset, if `ids` has it.

    UserError where a folder or a list has none.
    """
    found: list[NamedVideo] = []
    for argument in arguments:
        path = Path(argument)
        if not is_there(path):
            found.append(NamedVideo(_shown(argument), path))
        elif path.is_dir():
            found += _in_folder(path)
        elif path.suffix.lower() in LISTS and path.is_file():
            found += _in_list(path)
        else:
            found.append(NamedVideo(_shown(argument), path))
    if not found:
        raise UserError("no video is named: give files, folders, lists, or a dataset with ids of its videos or a split")
    files = [video.path is not None and is_there(video.path) for video in found]
    known = next(
        (video.shown for video, there in zip(found, files, strict=True) if not there and video.shown in ids), ""
    )
    if known and any(files):
        file = found[files.index(True)].shown
        raise UserError(f"'{known}' is a video of the dataset and '{file}' a file: name them in two calls")
    return [NamedVideo(video.shown, None) for video in found] if known else found


def is_there(path: Path) -> bool:
    """Whether there is a file or a folder; of one that the system refuses to look for, a scan says why."""
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that is somebody else's
        return False


def _is_link(path: Path) -> bool:
    """Whether there is a link, be it to nothing."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def files_of(videos: Sequence[NamedVideo], reading: VideoReading) -> list[File]:
    """Files with identities as the dataset's, so that what is random in a video's views is what an evaluation draws.

    A second file of the same identity is known by its path.
    """
    files: list[File] = []
    taken: set[str] = set()
    folder = reading.videos.resolve() if reading.videos and reading.videos.is_dir() else None
    for number, video in enumerate(videos):
        assert video.path is not None
        names = (video_id(_relative(video, folder), reading.fmt), str(video.path.absolute()), f"{number} {video.shown}")
        name = next(name for name in names if name not in taken)
        taken.add(name)
        files.append(File(name, video.path))
    return files


def _relative(video: NamedVideo, folder: Path | None) -> str:
    """A file's name below the dataset's folder or below the folder that was named; else its name alone."""
    assert video.path is not None
    if folder and video.path.resolve().is_relative_to(folder):
        return video.path.resolve().relative_to(folder).as_posix()
    return video.path.relative_to(video.below).as_posix() if video.below else video.path.name


def _in_folder(folder: Path) -> list[NamedVideo]:
    """The videos below a folder, and what would be one if it could be read; a folder of pictures is one itself."""
    videos = list(videos_below(folder))
    lost = _lost_below(folder, set(videos))
    if not videos and len(pictures_of(folder)) >= FEWEST:
        return [NamedVideo(_shown(folder), folder), *(NamedVideo(_shown(path), path, folder) for path in lost)]
    paths = sorted([*videos, *lost])
    if not paths:
        kinds = ", ".join(sorted({path.suffix or "without suffix" for path in folder.iterdir()})[:6]) or "nothing"
        raise UserError(
            f"no video under {folder}, where there is {kinds}; {FEWEST} pictures ({', '.join(sorted(PICTURES)[:3])}, "
            "..) in a folder of their own are one"
        )
    return [NamedVideo(_shown(path), path, folder) for path in paths]


def _lost_below(folder: Path, videos: set[Path]) -> list[Path]:
    """Links to nothing, which may have been videos or folders of some, and pipes that are called like a video, sorted.

    A scan says of each why it cannot be read; passed over, they would be missing without a word.
    """
    found = []
    for path in files_below(folder):
        suffix = path.suffix.lower()
        if path in videos or path.name.startswith(".") or suffix in PICTURES or suffix in NO_VIDEOS or path.is_file():
            continue
        if suffix in SUFFIXES or not is_there(path):
            found.append(path)
    return sorted(found)


def _in_list(path: Path) -> list[NamedVideo]:
    """The videos of a list: paths below its folder or the working directory, or ids."""
    entries = list(_entries(path))
    if not entries:
        raise UserError(f"{path} names no video: it needs a path or an id a line, or a column `video` or `path`")
    found = []
    for entry in entries:
        beside = path.parent / entry
        found.append(NamedVideo(entry, beside if is_there(beside) or _is_link(beside) else Path(entry)))
    return found


def _shown(path: str | Path) -> str:
    """A name that can be printed and written; Linux allows names that are no UTF-8."""
    return str(path).encode(errors="replace").decode()


def _entries(path: Path) -> Iterator[str]:
    lines, suffix = read_text(path).splitlines(), path.suffix.lower()
    if suffix not in (".csv", ".tsv"):
        yield from (line.strip() for line in lines if line.strip())
        return
    delimiter = "\t" if suffix == ".tsv" else ","
    rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((head.index(name) for name in COLUMNS if name in head), None)
    for row in rows if column is None else rows[1:]:
        if cell := "".join(row[column or 0 :][:1]).strip():
            yield cell
