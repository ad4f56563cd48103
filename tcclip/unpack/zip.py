"""Members of a zip archive, and the pieces of one file that several zips hold."""

from __future__ import annotations

import functools
import io
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO

from tcclip.unpack.members import DamagedError, Kind, Member
from tcclip.unpack.safety import is_dropping

UNIX_MODE = 16  # the bits of external_attr above these


def zip_members(path: Path) -> Iterator[Member]:
    """The members of a zip; reading one verifies its checksum."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            yield Member(info.filename, info.file_size, _kind(info), functools.partial(archive.open, info))


class Joined(io.RawIOBase):
    """Pieces that several zips hold, read as one file in the order of the pieces' names, without writing it."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._open = ExitStack()
        archives = [self._open.enter_context(zipfile.ZipFile(path)) for path in paths]
        pieces = [(archive, info) for archive in archives for info in archive.infolist() if _is_piece(info)]
        self._pieces = sorted(pieces, key=lambda piece: PurePosixPath(piece[1].filename).name)
        names = [PurePosixPath(info.filename).name for _, info in self._pieces]
        if len(set(names)) < len(names):
            raise DamagedError(f"two of the pieces {', '.join(names)} have one name")
        self._current: IO[bytes] | None = None

    def readable(self) -> bool:
        """It is made for reading."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` from the current piece, or from the next when that is at its end."""
        while self._current or self._pieces:
            if self._current is None:
                archive, info = self._pieces.pop(0)
                self._current = archive.open(info)
            data = self._current.read(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            self._current.close()
            self._current = None
        return 0

    def close(self) -> None:
        """Close the zips."""
        self._open.close()
        super().close()


def _is_piece(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not is_dropping(PurePosixPath(info.filename))


def _kind(info: zipfile.ZipInfo) -> Kind:
    if info.is_dir():
        return "folder"
    mode = info.external_attr >> UNIX_MODE
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "other"
