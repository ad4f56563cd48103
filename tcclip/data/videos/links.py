"""Videos that the user already has (`folder` of a dataset's file) as the dataset's videos."""

from __future__ import annotations

import os
from pathlib import Path

from tcclip.errors import UserError

MARK = ".folder"  # beside the link: where it leads, so that no link of the user's is taken for one of these


def link_videos(dataset: str, folder: str, videos: Path) -> None:
    """Make `videos` a link to `folder`; a real folder that is there is not touched."""
    source = Path(folder).expanduser()
    where = f"params/datasets/{dataset}.yaml: folder"
    if not source.is_dir():
        raise UserError(
            f"{where}: {folder} is not a folder: name the one with the videos of {dataset}, or remove the line"
        )
    if videos.exists() and not videos.is_symlink():
        raise UserError(f"{where} names {folder}, but {videos} holds videos already: remove one of the two")
    if not (videos.is_symlink() and videos.resolve() == source.resolve()):
        videos.unlink(missing_ok=True)
        videos.parent.mkdir(parents=True, exist_ok=True)
        videos.symlink_to(source.resolve(), target_is_directory=True)
    videos.with_name(MARK).write_bytes(os.fsencode(source.resolve()))


def unlink_videos(videos: Path) -> None:
    """Remove a link of `link_videos` whose `folder` the dataset's file names no more; another link stays.

    What is unpacked would replace the user's videos through it.
    """
    mark = videos.with_name(MARK)
    if mark.is_file() and videos.is_symlink() and os.fsencode(videos.readlink()) == mark.read_bytes():
        videos.unlink()
    mark.unlink(missing_ok=True)
