"""Videos that the user already has (`folder` of a dataset's file) as the dataset's videos."""

from __future__ import annotations

from pathlib import Path

from tcclip.errors import UserError


def link_videos(dataset: str, folder: str, videos: Path) -> None:
    """Make `videos` a link to `folder`; a real folder that is there is not touched."""
    source = Path(folder).expanduser()
    where = f"params/datasets/{dataset}.yaml: folder"
    if not source.is_dir():
        raise UserError(
            f"{where}: {folder} is not a folder: name the one with the videos of {dataset}, or remove the line"
        )
    if videos.is_symlink():
        if videos.resolve() == source.resolve():
            return
        videos.unlink()
    elif videos.exists():
        raise UserError(f"{where} names {folder}, but {videos} holds videos already: remove one of the two")
    videos.parent.mkdir(parents=True, exist_ok=True)
    videos.symlink_to(source.resolve(), target_is_directory=True)
