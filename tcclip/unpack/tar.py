"""Members of a tar archive that is read once from front to back."""

from __future__ import annotations

import functools
import io
import tarfile
from collections.abc import Iterator
from typing import IO

from tcclip.unpack.members import DamagedError, Kind, Member

CHUNK = 1 << 20
PADDING = 64 * CHUNK  # more than this behind the last member is no padding


def tar_members(stream: IO[bytes]) -> Iterator[Member]:
    """The members of a plain tar stream. A stream that ends too soon, or goes on for too long, is a DamagedError."""
    watched = _Watched(stream)
    with tarfile.open(fileobj=watched, mode="r|", bufsize=CHUNK) as tar:  # type: ignore[call-overload]
        while (info := tar.next()) is not None:
            yield Member(info.name, info.size if info.isreg() else 0, _kind(info), functools.partial(_open, tar, info))
            tar.members = []  # type: ignore[attr-defined]  # tarfile would keep all of them in memory
    # To the end of the stream: only there gzip compares its checksum.
    before = watched.position
    while watched.read(CHUNK):
        if watched.position - before > PADDING:
            raise DamagedError("it goes on after its end")
    if watched.last.strip(b"\0") or not watched.last:
        raise DamagedError("its end is missing")


class _Watched(io.RawIOBase):
    """Passes reads on and keeps the last block: a whole tar ends in zeros, which tarfile does not insist on."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.position = 0
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.position += len(data)
        self.last = (
            data[-tarfile.BLOCKSIZE :] if len(data) >= tarfile.BLOCKSIZE else (self.last + data)[-tarfile.BLOCKSIZE :]
        )
        return data


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.isreg():
        return "file"
    return "folder" if info.isdir() else "other"


def _open(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(info)
    assert content is not None, "only files are opened"
    return content
