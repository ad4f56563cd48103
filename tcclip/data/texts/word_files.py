"""Which file has the words of a video: `<folder>/<stem>.txt` (systems/maxi.md 5)."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from tcclip.data.videos.listing import files_below, video_id


def file_of(path: str) -> str:
    """The file of a video's path below the videos' folder: its parent folder's name, its own up to the first dot."""
    video = PurePosixPath(path)
    name = f"{video.name.partition('.')[0]}.txt"
    return f"{video.parent.name}/{name}" if video.parent.name else name


class WordFiles:
    """The files of words below a folder; those of Kinetics are found by the YouTube id, whatever their folders are."""

    def __init__(self, folder: Path, fmt: str) -> None:
        self._by_id = fmt == "kinetics"
        self._found: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(files_below(folder)) if folder.is_dir() else []:
            if path.suffix == ".txt":
                where = path.relative_to(folder).as_posix()
                self._found[video_id(path.stem, fmt) if self._by_id else file_of(where)].append(path)

    def of(self, video: str, path: str) -> list[Path]:
        """The file of a video at `path` below the videos' folder; none or several where it cannot be told."""
        return self._found.get(video if self._by_id else file_of(path), [])
