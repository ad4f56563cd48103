"""What may come out of an archive: its members whatever its format, the names they may have, and what damage is."""

from __future__ import annotations

import errno
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, Literal, NamedTuple

from tcclip.data.videos.listing import is_text
from tcclip.errors import UserError

SUFFIXES = (".rar", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")  # of archives within archives

MemberType = Literal["file", "folder", "other"]


class Member(NamedTuple):
    """One file of an archive. `read` opens its content, which is never longer than `size`; use it at once."""

    name: str
    size: int  # bytes, as the archive says
    type: MemberType  # other: links, devices
    read: Callable[[], IO[bytes]]


def safe_path(member: Member) -> PurePosixPath | None:
    """Where a member goes below the target folder; None for folders, which are made when a file needs them.

    Links, devices, and names that are absolute or climb out of the folder are refused.
    """
    name, path = member.name, PurePosixPath(member.name)
    if member.type == "other":
        raise UserError(f"its member {name!r} is a link or a device, which no release of videos holds")
    if path.is_absolute() or ".." in path.parts or "\0" in name or not is_text(name):
        raise UserError(f"its member {name!r} has a name that leads out of the folder or is not UTF-8")
    if member.type == "folder":
        return None
    if path == PurePosixPath():
        raise UserError("it has a file without a name")
    return path


def is_dropping(path: PurePosixPath) -> bool:
    """Whether macOS left the file in the archive."""
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name == ".DS_Store"


def is_archive(name: str) -> bool:
    """Whether a member is an archive itself, by its name."""
    return name.lower().endswith(SUFFIXES)


class DamagedError(Exception):
    """The archive is truncated, altered, or none."""


BAD_CONTENT = (  # what tarfile, zipfile and the decompressors raise
    DamagedError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    RuntimeError,
)


def damage(error: Exception) -> str | None:
    """What is wrong with the archive, or None if `error` is about something else (a full disk, a mistake of ours)."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # bz2 gives none, a wrong offset EINVAL
        return None
    return str(error) or type(error).__name__ if isinstance(error, BAD_CONTENT) else None
