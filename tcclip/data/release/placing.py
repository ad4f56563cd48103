"""Files at their final names, each by one rename; and removing an archive once its videos are verified."""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tcclip.data.release.needed import is_list
from tcclip.data.release.parcels import Parcel, Unpacked
from tcclip.data.videos.reader import opens
from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.plan import layout
from tcclip.process.files import atomic


def place(staged: Mapping[PurePosixPath, Path], target: Path, taken: Mapping[Path, str]) -> dict[Path, int]:
    """Move staged files below `target`; returns the bytes of each.

    A file that is there with the same size stays. One with another size is replaced, unless it is of another archive
    (`taken`: path -> archive).
    """
    for file in staged.values():
        _to_disk(file)  # a name must not outlive its content when the power fails
    sizes = {target / path: file.stat().st_size for path, file in staged.items()}
    for final, size in sizes.items():
        if final in taken and not _is_there(final, size):
            raise UserError(f"it and {taken[final]} both have a file {final}, of different sizes")
    for path, file in staged.items():
        final = target / path
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            if _is_there(final, sizes[final]):
                file.unlink()
            else:
                os.replace(file, final)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise UserError(f"its file {path} stands where {error.filename} is: remove one of them") from error
    return sizes


def copy_list(source: Path, target: Path) -> dict[Path, int]:
    """Copy a list that is no archive into `target`; one that is there with this content stays."""
    final = target / source.name
    if not final.is_file() or not filecmp.cmp(source, final, shallow=False):
        with atomic(final) as part:
            shutil.copyfile(source, part)
    return {final: source.stat().st_size}


def remove_archive(dataset: Release, parcel: Parcel, unpacked: Unpacked) -> None:
    """Remove an unpacked archive of videos if `keep_archives` is false, unless more than `max_missing` do not open.

    What was unpacked was compared with the archive's own checksums; opening the videos tells that the archive is one.
    """
    if dataset.downloads.keep_archives or parcel.unpack == "no" or is_list(parcel.into):
        return
    archives = [path for name in unpacked.archives if (path := layout.downloads(dataset.name) / name).is_file()]
    if not archives:
        return
    broken = [path for path in unpacked.members if not opens(layout.raw(dataset.name) / path)]
    if len(broken) > dataset.max_missing * len(unpacked.members):
        share = f"{len(broken)} of its {len(unpacked.members)} videos"
        print(f"{parcel.name} is kept: {share} do not open, first {broken[0]}", file=sys.stderr)
        return
    for path in archives:
        path.unlink()


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _to_disk(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
