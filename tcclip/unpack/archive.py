"""Opening an archive: its first bytes tell its format, its name does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Literal

from tcclip.unpack.members import DamagedError, Member, decompressed
from tcclip.unpack.rar import rar_members
from tcclip.unpack.tar import CHUNK, tar_members
from tcclip.unpack.zip import Joined, zip_members

SUFFIXES = (".rar", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")  # of archives within archives


def members(path: Path) -> Iterator[Member]:
    """The members of a rar, a zip, or a tar that may be compressed."""
    with open(path, "rb") as file:
        head = file.peek(8)[:8]
        if head.startswith(b"Rar!"):
            yield from rar_members(path)
        elif head.startswith(b"PK"):
            yield from zip_members(path)
        elif head.lstrip().startswith(b"<"):
            raise DamagedError("it is a web page and no archive")
        else:
            yield from tar_members(decompressed(file, head))


def joined_members(paths: Sequence[Path]) -> Iterator[Member]:
    """The members of a tar whose pieces lie in several zips."""
    with Joined(paths) as pieces:
        stream = BufferedReader(pieces, CHUNK)
        yield from tar_members(decompressed(stream, stream.peek(8)[:8]))


def read(paths: Sequence[Path], kind: Literal["archive", "joined"]) -> Iterator[Member]:
    """The members of one archive, or of the pieces of one."""
    return joined_members(paths) if kind == "joined" else members(paths[0])


def is_archive(name: str) -> bool:
    """Whether a member is an archive itself, by its name."""
    return name.lower().endswith(SUFFIXES)
