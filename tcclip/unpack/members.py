"""The members of an archive, one after another, whatever its format is."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Literal, NamedTuple

Kind = Literal["file", "folder", "other"]


class Member(NamedTuple):
    """One entry of an archive. `read` opens its content, which is never longer than `size`; use it at once."""

    name: str
    size: int  # bytes, as the archive says
    kind: Kind  # other: links, devices
    read: Callable[[], IO[bytes]]


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


def decompressed(stream: IO[bytes], head: bytes) -> IO[bytes]:
    """The plain tar stream in a stream that begins with `head`; gzip and its like verify their checksums at the end."""
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[return-value]
    if head.startswith(b"BZh"):
        return bz2.BZ2File(stream, "rb")
    if head.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(stream, "rb")
    return stream
