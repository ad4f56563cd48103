"""Files that a person names to be written: none of them may be what the same command reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tcclip.data.videos.listing import PICTURES
from tcclip.errors import UserError
from tcclip.plan import layout

Input = str | os.PathLike[str]


def refuse_inputs(out: Path, option: str, inputs: Iterable[Input]) -> None:
    """UserError where `out`, named by `option`, is one of the files that are read, by whatever name or link."""
    for given in inputs:
        if is_same(out, given):
            raise UserError(f"{option} {out} would overwrite '{os.fspath(given)}', which is read: name a new file")


def refuse_table(csv: Path, inputs: Iterable[Input]) -> None:
    """UserError where --csv is an input, or a file that no earlier prediction has written: a video, somebody's list.

    A shell makes `--csv a.mp4 b.mp4` of `--csv *.mp4`.
    """
    from tcclip.prediction.result import HEAD

    if csv.is_dir():
        raise UserError(f"--csv must be a file (got the folder {csv})")
    refuse_inputs(csv, "--csv", inputs)
    if csv.is_file() and not _begins(csv, HEAD.encode()):
        raise UserError(
            f"--csv {csv} is there and no table of predictions, which begins with {HEAD}: name a new file, or delete "
            "this one"
        )
    if above := next((place for place in csv.parents if place.exists() and not place.is_dir()), None):
        raise UserError(f"--csv {csv} lies below {above}, which is no folder: name a file in a folder")


def refuse_picture(out: Path, video: str, others: Iterable[Input] = ()) -> None:
    """UserError where --out is the video, the list or the folder's file that `video` names, a frame, or a dataset's.

    others: further files that are read. `video` is perhaps an id, whose file is one below data/raw.
    """
    from tcclip.prediction.naming import named_videos

    read = [video.path for video in named_videos([video]) if video.path]
    refuse_inputs(out, "--out", [video, *read, *others])
    for folder in (path for path in read if path.is_dir()):
        if is_same(out.parent, folder) and out.suffix.lower() in PICTURES:
            raise UserError(f"--out {out} would be a frame of the video {folder}: name a file in another folder")
    if out.exists() and out.resolve().is_relative_to((layout.DATA / "raw").resolve()):
        raise UserError(f"--out {out} would overwrite a dataset's file: name a new file")


def is_same(one: Input, other: Input) -> bool:
    """Whether two names are of one file that is there."""
    try:
        return os.path.samefile(one, other)  # noqa: PTH121  # of texts, ids among them
    except (OSError, ValueError):  # one is not there, or no file's name
        return False


def _begins(path: Path, head: bytes) -> bool:
    """Whether a file begins so; an empty one has nothing to lose."""
    with open(path, "rb") as file:
        return file.read(len(head)) in (b"", head)
