"""Whether a file is what the registry says: its first bytes, its size and its hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tcclip.params.sources import RemoteFile
from tcclip.process.files import sha256

GZIP = b"\x1f\x8b"
MAGIC = {".rar": b"Rar!", ".zip": b"PK", ".gz": GZIP, ".tgz": GZIP}
TEXT = (".txt", ".csv", ".json")
HTML = (b"<!doctype html", b"<html", b"<head")
HEAD = 512  # bytes that are looked at
CHUNK = 1 << 20  # bytes read at a time


class WrongContentError(Exception):
    """The content is not the wanted file's; the text says in what."""


def check_head(name: str, head: bytes) -> None:
    """Refuse content whose first bytes cannot belong to a file called `name`; `head` may be short."""
    suffix = Path(name).suffix.lower()
    magic = MAGIC.get(suffix, b"")
    start = head[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(HTML):
        raise WrongContentError(f"is an HTML page instead of the {suffix or 'wanted'} file")
    if not head.startswith(magic[: len(head)]):
        raise WrongContentError(f"does not start like a {suffix} file, but with {head[:8]!r}")
    if suffix in TEXT and b"\0" in head[:HEAD]:
        raise WrongContentError(f"is binary data instead of the {suffix} file")


def check_size(file: RemoteFile, size: int) -> None:
    """Refuse an empty file, and one of another size than the registry's."""
    if file.bytes is not None and size != file.bytes:
        raise WrongContentError(f"has {size:,} bytes instead of {file.bytes:,}")
    if size == 0:
        raise WrongContentError("is empty")


def check(file: RemoteFile, path: Path) -> str:
    """Refuse a complete file that is not `file`; returns its sha256."""
    check_size(file, path.stat().st_size)
    with open(path, "rb") as content:
        check_head(file.name, content.read(HEAD))
    found = sha256(path)
    if file.sha256 is not None and found != file.sha256:
        raise WrongContentError(f"has sha256 {found} instead of {file.sha256}")
    if file.git_blob is not None and (blob := git_blob(path)) != file.git_blob:
        raise WrongContentError(f"has git's hash {blob} instead of {file.git_blob}")
    return found


def git_blob(path: Path) -> str:
    """Git's hash of a file's content (hex)."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_pinned(file: RemoteFile) -> bool:
    """Whether a hash says what the content must be, wherever it comes from."""
    return file.sha256 is not None or file.git_blob is not None
