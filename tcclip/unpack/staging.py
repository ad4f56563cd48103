"""Reading an archive into a folder of its own, where its files have numbers for names.

Numbers keep the staged files from being taken for videos, and names from doing harm before they are checked.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tcclip.errors import UserError
from tcclip.unpack.archive import is_archive, members
from tcclip.unpack.members import DamagedError, Member, damage
from tcclip.unpack.safety import Quota, is_dropping, safe_path
from tcclip.unpack.tar import CHUNK

FOLDER = ".unpacking"


@contextmanager
def staging_folder(raw: Path, target: Path) -> Iterator[Path]:
    """An empty folder from which files can be renamed into `target`; removed afterwards, and so is a killed one's.

    `target` may lie on another disk, behind a link of the user's.
    """
    target.mkdir(parents=True, exist_ok=True)
    same_disk = raw.stat().st_dev == target.stat().st_dev
    folder = (raw if same_disk else target) / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stage(
    archive: Iterator[Member], folder: Path, quota: Quota, lists: bool, wrote: Callable[[int], object]
) -> dict[PurePosixPath, Path]:
    """Write an archive's files, and those of archives in it, into `folder`.

    Returns the staged file of every path below the target; of lists only the last part of their names is kept.
    `wrote` is told the bytes. Raises DamagedError and UserError, both without the archive's name.
    """
    staged: dict[PurePosixPath, Path] = {}
    for path, file in _written(archive, folder, quota, wrote):
        key = PurePosixPath(path.name) if lists else path
        if lists and key in staged:
            raise UserError(f"it has two lists that are called {key}")
        if key in staged:
            staged[key].unlink()  # as in every tar, the later one counts
        staged[key] = file
    if not staged:
        raise DamagedError("it holds no file")
    return staged


def _written(
    archive: Iterator[Member], folder: Path, quota: Quota, wrote: Callable[[int], object], inner: bool = False
) -> Iterator[tuple[PurePosixPath, Path]]:
    """(path, staged file) of every file; archives in the archive are unpacked in their place, but not those in them."""
    for member in archive:
        quota.take(member.size)
        path = safe_path(member)
        if path is None or is_dropping(path):
            continue
        file = folder / f"{quota.members:08d}"
        with member.read() as content, open(file, "wb") as out:
            shutil.copyfileobj(content, out, CHUNK)
        if not is_archive(path.name):
            wrote(file.stat().st_size)
            yield path, file
        elif inner:
            raise UserError(f"{path} is an archive in an archive in an archive, which no release has")
        else:
            yield from _unpacked_in_place(path, file, folder, quota, wrote)
            file.unlink()


def _unpacked_in_place(
    path: PurePosixPath, file: Path, folder: Path, quota: Quota, wrote: Callable[[int], object]
) -> Iterator[tuple[PurePosixPath, Path]]:
    try:
        for name, staged in _written(members(file), folder, quota, wrote, inner=True):
            yield path.parent / name, staged
    except Exception as error:
        reason = damage(error)
        if reason is None:
            raise
        raise DamagedError(f"{path} in it: {reason}") from error
