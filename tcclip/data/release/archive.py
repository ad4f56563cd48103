"""Reading an archive from front to back: tar, zip, rar, or a tar whose pieces lie in several zips."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from tcclip.data.release.members import DamagedError, Member, MemberType, is_dropping
from tcclip.errors import UserError

CHUNK = 1 << 20  # bytes read at a time
PADDING = 64 * CHUNK  # more than this behind the last member of a tar is no padding
RAR_TOOL = "bsdtar"  # libarchive's
UNIX_MODE = 16  # the bits of a zip's external_attr above these


def members(paths: Sequence[Path], form: Literal["archive", "joined"]) -> Iterator[Member]:
    """The members of one archive, whose first bytes tell its format, or of the pieces of one."""
    if form == "joined":
        with _Joined(paths) as pieces:
            stream = io.BufferedReader(pieces, CHUNK)
            yield from _tar_members(_decompressed(stream, stream.peek(8)[:8]))
        return
    with open(paths[0], "rb") as file:
        head = file.peek(8)[:8]
        if head.startswith(b"Rar!"):
            yield from _rar_members(paths[0])
        elif head.startswith(b"PK"):
            yield from _zip_members(paths[0])
        elif head.lstrip().startswith(b"<"):
            raise DamagedError("it is a web page and no archive")
        else:
            yield from _tar_members(_decompressed(file, head))


def _decompressed(stream: IO[bytes], head: bytes) -> IO[bytes]:
    """The plain tar stream in a stream that begins with `head`; gzip and its like verify their checksums at the end."""
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[return-value]
    if head.startswith(b"BZh"):
        return bz2.BZ2File(stream, "rb")
    if head.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(stream, "rb")
    return stream


def _type(is_file: bool, is_folder: bool) -> MemberType:
    return "folder" if is_folder else "file" if is_file else "other"


def _tar_members(stream: IO[bytes]) -> Iterator[Member]:
    """The members of a plain tar stream. A stream that ends too soon, or goes on for too long, is a DamagedError."""
    watched = _Watched(stream)
    with tarfile.open(fileobj=watched, mode="r|", bufsize=CHUNK) as tar:  # type: ignore[call-overload]
        while (info := tar.next()) is not None:
            size = info.size if info.isreg() else 0
            yield Member(info.name, size, _type(info.isreg(), info.isdir()), partial(_open, tar, info))
            tar.members = []  # type: ignore[attr-defined]  # tarfile would keep all of them in memory
    # To the end of the stream: only there gzip compares its checksum.
    before = watched.position
    while watched.read(CHUNK):
        if watched.position - before > PADDING:
            raise DamagedError("it goes on after its end")
    if watched.last.strip(b"\0") or not watched.last:
        raise DamagedError("its end is missing")


def _open(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(info)
    assert content is not None, "only files are opened"
    return content


class _Watched(io.RawIOBase):
    """Passes reads on and keeps the last block: a whole tar ends in zeros, which tarfile does not insist on."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.position = 0
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.position += len(data)
        self.last = (self.last + data[-tarfile.BLOCKSIZE :])[-tarfile.BLOCKSIZE :]
        return data


def _zip_members(path: Path) -> Iterator[Member]:
    """The members of a zip; reading one verifies its checksum."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            is_file = stat.S_IFMT(info.external_attr >> UNIX_MODE) in (0, stat.S_IFREG)
            yield Member(info.filename, info.file_size, _type(is_file, info.is_dir()), partial(archive.open, info))


class _Joined(io.RawIOBase):
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
        self._open.close()
        super().close()


def _is_piece(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not is_dropping(PurePosixPath(info.filename))


def _rar_members(path: Path) -> Iterator[Member]:
    """The members of a rar.

    bsdtar turns the archive into a tar stream: that keeps every name as it is, and nothing is written before our own
    checks. It goes on after damage within a member, so its exit status at the end counts.
    """
    tool = shutil.which(RAR_TOOL)
    if tool is None:
        raise UserError(
            f"{path} is a rar archive and {RAR_TOOL}, which reads it, is not installed: "
            "apt-get install libarchive-tools (Debian, Ubuntu) or conda install -c conda-forge libarchive"
        )
    command = [tool, "-c", "-P", "--format", "pax", "-f", "-", f"@{path.absolute()}"]
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # a locale that can hold every name
    trouble = ""
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, env=utf8) as process:
            assert process.stdout is not None
            try:
                yield from _tar_members(process.stdout)
            except (DamagedError, tarfile.TarError) as error:
                trouble = str(error)
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if process.returncode or trouble:
        raise DamagedError(said or trouble)
