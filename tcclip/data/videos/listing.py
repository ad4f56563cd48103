"""Which files and folders below a folder are videos, and by which name the rest of the program knows them."""

from __future__ import annotations

import csv
import itertools
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from tcclip.errors import UserError

# fmt: off
# Of videos; a file with another suffix, or none, is opened to see what it is.
SUFFIXES = {
    ".264", ".265", ".3g2", ".3gp", ".amv", ".apng", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif",
    ".h264", ".h265", ".hevc", ".ivf", ".m1v", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mjpeg", ".mjpg",
    ".mk3d", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nsv", ".nut", ".obu",
    ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".roq", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
}
PICTURES = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}  # a folder of them is a video
# Never opened.
NO_VIDEOS = {
    ".7z", ".aac", ".ac3", ".ass", ".avif", ".bz2", ".csv", ".db", ".doc", ".docx", ".flac", ".gz", ".h5",
    ".hdf5", ".heic", ".heif", ".htm", ".html", ".ini", ".ipynb", ".jpe", ".js", ".json", ".jsonl", ".lock",
    ".log", ".m4a", ".mat", ".md", ".mp3", ".npy", ".npz", ".oga", ".opus", ".parquet", ".part", ".pdf",
    ".pkl", ".pt", ".pth", ".py", ".rar", ".rtf", ".sh", ".srt", ".ssa", ".sub", ".svg", ".tar", ".tgz", ".tmp",
    ".toml", ".tsv", ".txt", ".url", ".vtt", ".wav", ".wma", ".xls", ".xlsx", ".xml", ".xz", ".yaml", ".yml",
    ".zip",
}
# fmt: on
# Folders of disks and network drives, whose copies are not the user's videos; hidden ones are none either: .git with
# git-annex has every video a second time.
SYSTEMS = {"#recycle", "#snapshot", "$RECYCLE.BIN", "@eaDir", "System Volume Information", "lost+found"}
YOUTUBE_ID = 11  # characters
FEWEST = 2  # pictures of a folder that is a video
SHOWN = 6  # suffixes that a sentence counts


def video_id(name: str, fmt: str) -> str:
    """The identity of a video given its path or list entry: its name without the suffix of a video.

    For Kinetics it is the YouTube id at the start. One's own videos (csv) may have one name in two folders: theirs is
    the path below the folder. Kinetics lists name the same clip by different folders and time stamps (methods.md 8.4);
    the id is what they share. A video that is a folder of pictures is known by the folder's name.
    """
    path = PurePosixPath(name)
    path = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    if fmt == "csv":
        return str(path)
    return path.name[:YOUTUBE_ID] if fmt == "kinetics" else path.name


def suffix_of(name: str) -> str:
    """What `video_id` leaves out of a name, in small letters: the suffix of a video, or nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def find_videos(folder: Path, cure: str = "put videos there and run the same command again") -> list[Path]:
    """All videos under `folder`, files and folders of pictures, sorted by their path below it.

    UserError where there is none, which says what is there instead; `cure` is its advice.
    """
    found = list(videos_below(folder))
    if not found:
        raise UserError(f"no video under {_place(folder)}: {_what_is_there(folder)}: {cure}")
    for path in found:
        if not is_text(str(path)):
            raise UserError(f"{str(path)!r}: the name is not UTF-8: rename the file and run the same command again")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def videos_below(folder: Path, unknown: bool = True) -> Iterator[Path]:
    """The videos under `folder`: files that have the suffix of one or are opened as one, and folders of pictures.

    With `unknown` False a file of an unknown suffix counts without being opened, and a folder that cannot be looked
    into is passed over. Pictures beside videos are no video, and neither is a folder that is called like a video beside
    it: they are that video's frames.
    """
    named: set[Path] = set()
    for parent, paths in itertools.groupby(files_below(folder, _refuse if unknown else None), lambda path: path.parent):
        files = [path for path in paths if not path.name.startswith(".")]
        videos = [path for path in files if _is_video(path, unknown)]
        yield from videos
        named.update(path.with_suffix("") for path in videos)
        pictures = sum(path.suffix.lower() in PICTURES for path in files)
        if not videos and pictures >= FEWEST and parent != folder and parent not in named:
            yield parent


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the numbers in their names: frame_9 comes before frame_10."""
    names = (path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith("."))
    return sorted(names, key=lambda path: ([int(part) for part in re.findall(r"\d+", path.stem)], path.name))


def _refuse(error: OSError) -> None:
    """UserError for a folder that cannot be looked into: its videos would be missing without a word."""
    if not isinstance(error, FileNotFoundError):  # which the caller says
        raise UserError(
            f"{error.filename} cannot be looked into ({error.strerror}): `chmod -R u+rX "
            f"{shlex.quote(str(error.filename))}`, or see to the disk where it is, and run the same command again"
        ) from error


def _is_video(path: Path, unknown: bool) -> bool:
    suffix = path.suffix.lower()
    if suffix in PICTURES or suffix in NO_VIDEOS or not path.is_file():
        return False
    if suffix in SUFFIXES or not unknown:
        return True
    from tcclip.data.videos.containers import opens_as_video

    return opens_as_video(path)


def _place(folder: Path) -> str:
    return f"{folder} (a link to {folder.resolve()})" if folder.is_symlink() else str(folder)


def _what_is_there(folder: Path) -> str:
    """How many files of which suffix are under a folder without videos."""
    counts = Counter(sorted(path.suffix.lower() or "without suffix" for path in files_below(folder)))
    if not counts:
        return "it is empty" if folder.is_dir() else "it is not there"
    some = ", ".join(f"{count:,} {suffix}" for suffix, count in counts.most_common(SHOWN))
    more = ", ..." if len(counts) > SHOWN else ""
    text = f"{counts.total():,} files are there ({some}{more}), none of which opens as one"
    if any(suffix in PICTURES for suffix in counts):
        text += f"; {FEWEST} pictures or more are a video where a folder of their own holds them"
    return text


def is_text(name: str) -> bool:
    """Whether a file's name can be written down; Linux allows names that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def files_below(folder: Path, refuse: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    """Everything below `folder` that is no folder, but for what hidden folders and a system's own ones hold.

    Links to folders are followed, but not in circles. `refuse` is told of a folder that cannot be looked into; without
    it that is passed over.
    """
    above: dict[Path, set[Path]] = {}  # folder -> where those above it really are
    for parent, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        here = Path(parent)
        real = above.pop(here, set()) | {here.resolve()}
        shown = (name for name in folders if not (name.startswith(".") or name in SYSTEMS))
        folders[:] = [name for name in shown if (here / name).resolve() not in real]
        above |= dict.fromkeys((here / name for name in folders), real)
        yield from (here / name for name in names)


def listed_videos(manifest: Path) -> list[str]:
    """The videos that stage `raw` has listed, by their paths below the videos' folder, sorted.

    Every shard's job needs all names, and reading them is much cheaper than looking through the folders again.
    """
    return sorted(listed_bytes(manifest))


def listed_bytes(manifest: Path) -> dict[str, int]:
    """Bytes of the videos that stage `raw` has listed, by their paths below the videos' folder."""
    if not manifest.is_file():
        raise UserError(f"{manifest} is missing: `tcclip raw {manifest.parent.name}` makes it")
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = [(row["path"], int(row["bytes"])) for row in csv.DictReader(file)]
    return {path.removeprefix("videos/"): size for path, size in rows if path.startswith("videos/")}
