"""Rar archives for tests: no free program writes them, but stored members need only a few headers (RAR 4 format)."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

needs_bsdtar = pytest.mark.skipif(shutil.which("bsdtar") is None, reason="bsdtar (libarchive) is not installed")

MARKER = b"Rar!\x1a\x07\x00"
HEAD, FILE, END = 0x73, 0x74, 0x7B  # kinds of blocks
HAS_DATA, UTF8_NAME, SKIP_IF_UNKNOWN = 0x8000, 0x0200, 0x4000
UNIX, STORED, VERSION = 3, 0x30, 20
DATE = 0x5A000000  # MS-DOS
REGULAR, LINK = 0o100644, 0o120777


def write_rar(path: Path, members: Mapping[str, bytes], links: Collection[str] = ()) -> Path:
    """A rar with `members` stored; those named in `links` are symbolic links, whose content is their aim."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = [_block(HEAD, 0, bytes(6))]
    blocks += [_file(name, content, LINK if name in links else REGULAR) for name, content in members.items()]
    path.write_bytes(MARKER + b"".join(blocks) + _block(END, SKIP_IF_UNKNOWN, b""))
    return path


def _file(name: str, content: bytes, mode: int) -> bytes:
    raw = name.encode()
    size, crc = len(content), zlib.crc32(content)
    fields = struct.pack("<IIBIIBBHI", size, size, UNIX, crc, DATE, VERSION, STORED, len(raw), mode)
    return _block(FILE, HAS_DATA | (0 if name.isascii() else UTF8_NAME), fields + raw) + content


def _block(kind: int, flags: int, fields: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head
