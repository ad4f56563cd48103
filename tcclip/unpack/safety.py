"""What a member of an archive may be called, and how much an archive may unpack to."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tcclip.data.videos.listing import is_text
from tcclip.errors import UserError
from tcclip.params.unpacking import GIGABYTE, Unpacking
from tcclip.unpack.members import Member

LIMITS = "the limits are in params/unpacking.yaml"


def safe_path(member: Member) -> PurePosixPath | None:
    """Where a member goes below the target folder; None for folders, which are made when a file needs them.

    Links, devices, and names that are absolute or climb out of the folder are refused.
    """
    name, path = member.name, PurePosixPath(member.name)
    if member.kind == "other":
        raise UserError(f"its member {name!r} is a link or a device, which no release of videos holds")
    if path.is_absolute() or ".." in path.parts or "\0" in name or not is_text(name):
        raise UserError(f"its member {name!r} has a name that leads out of the folder or is not UTF-8")
    if member.kind == "folder":
        return None
    if path == PurePosixPath():
        raise UserError("it has a file without a name")
    return path


def is_dropping(path: PurePosixPath) -> bool:
    """Whether macOS left the file in the archive."""
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name == ".DS_Store"


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
            raise no_space(self.folder, free, self.limits)


def no_space(folder: Path, free: int, limits: Unpacking) -> UserError:
    """The error for a disk that is full, or nearly."""
    return UserError(
        f"no space left on the disk of {folder} ({free / GIGABYTE:.1f} GB are free, {limits.free_gigabytes:g} GB of "
        "them are kept by params/unpacking.yaml): free some space and run the same command again (finished archives "
        "are kept)"
    )


@contextmanager
def full_disk_in_words(folder: Path, limits: Unpacking) -> Iterator[None]:
    """Turn the system's error for a full disk, or a used-up quota, into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise no_space(folder, shutil.disk_usage(folder).free, limits) from error
