"""What tells that a video is still the one that was seen: its size and time, and its content where these differ."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import NamedTuple

from tcclip.data.videos.listing import pictures_of
from tcclip.errors import UserError


class SeenFile(NamedTuple):
    """A video's file as it was found; of a folder the sum, and the latest of its pictures."""

    bytes: int
    modified: int  # nanoseconds


def look_at(video: Path) -> SeenFile:
    """The video as it is now; OSError if it has gone."""
    stats = [path.stat() for path in files_of(video)]
    return SeenFile(sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0))


def content_of(video: Path) -> str:
    """A hash of a video's content, for a folder of all its pictures in their order."""
    digest = hashlib.sha256()
    for path in files_of(video):
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def examine(video: Path) -> dict[str, object]:
    """Size, time and content for a row of a shard; UserError where a file cannot be read, which is no defect of it."""
    try:
        seen = look_at(video)
        return {"bytes": seen.bytes, "modified": seen.modified, "content": content_of(video)}
    except PermissionError as error:
        raise UserError(
            f"{video} may not be read: `chmod -R u+rX {shlex.quote(str(video))}`, and run the same command again"
        ) from error
    except FileNotFoundError as error:
        raise UserError(
            f"{video} is listed in the manifest and is not there: put it back, or let the videos be listed anew: "
            f"`tcclip raw {_dataset(video)}`"
        ) from error
    except OSError as error:
        raise UserError(f"{video} cannot be read ({error.strerror}): run the same command again") from error


def _dataset(video: Path) -> str:
    """Of data/raw/<dataset>/videos/..."""
    parts = video.parts
    return parts[parts.index("videos") - 1] if "videos" in parts[1:] else ""


def files_of(video: Path) -> list[Path]:
    """The files that a video consists of."""
    return pictures_of(video) if video.is_dir() else [video]
