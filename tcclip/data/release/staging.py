"""Reading an archive into a folder of its own, where its files have numbers for names.

Numbers keep the staged files from being taken for videos, and names from doing harm before they are checked. How much
an archive may unpack to is asked before a byte of it is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tcclip.data.release.archive import CHUNK, members
from tcclip.data.release.members import DamagedError, Member, damage, is_archive, is_dropping, safe_path
from tcclip.errors import UserError
from tcclip.params.unpacking import GIGABYTE, Unpacking
from tcclip.process.system_faults import disk_is_full

FOLDER = ".unpacking"
LIMITS = "the limits are in params/unpacking.yaml"


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


@dataclass
class Quota:
    """What an archive may still unpack to; `take` is asked before a member is read."""

    limits: Unpacking
    archive_bytes: int
    folder: Path  # on the disk that fills
    bytes: int = field(default=0, init=False)
    members: int = field(default=0, init=False)

    def take(self, size: int) -> None:
        """Count a member of `size` bytes; too much is an error before a byte of it is written."""
        self.bytes += size
        self.members += 1
        if self.members > self.limits.members:
            raise UserError(f"it has more than {self.limits.members} members; {LIMITS}")
        most = self.limits.most_bytes(self.archive_bytes)
        if self.bytes > most:
            raise UserError(f"it has {self.archive_bytes} bytes and unpacks to more than {most}; {LIMITS}")
        free = shutil.disk_usage(self.folder).free
        if size > free - self.limits.free_bytes:
            raise _no_space(self.folder, free, self.limits)


def stage_members(
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
        for name, staged in _written(members([file], "archive"), folder, quota, wrote, inner=True):
            yield path.parent / name, staged
    except Exception as error:
        reason = damage(error)
        if reason is None:
            raise
        raise DamagedError(f"{path} in it: {reason}") from error


@contextmanager
def full_disk_in_words(folder: Path, limits: Unpacking) -> Iterator[None]:
    """Turn the system's error for a full disk, or a used-up quota, into one that says what to do."""
    try:
        yield
    except OSError as error:
        if not disk_is_full(error):
            raise
        raise _no_space(folder, shutil.disk_usage(folder).free, limits) from error


def _no_space(folder: Path, free: int, limits: Unpacking) -> UserError:
    return UserError(
        f"no space left on the disk of {folder} ({free / GIGABYTE:.1f} GB are free, {limits.free_gigabytes:g} GB of "
        "them are kept by params/unpacking.yaml): free some space and run the same command again (finished archives "
        "are kept)"
    )
