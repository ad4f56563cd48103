"""Whether a file is what the registry says, by its first bytes, its size and its hashes; and what is remembered of it.

`hashes.csv` remembers every file ever verified, `received.csv` says that a dataset is complete. Snakemake removes its
outputs (received.csv) before it starts a job again; hashes.csv is none of them and stays.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Lock
from typing import Any

from tcclip.params.release import RemoteFile
from tcclip.process.files import atomic, sha256

GZIP = b"\x1f\x8b"
MAGIC = {".rar": b"Rar!", ".zip": b"PK", ".gz": GZIP, ".tgz": GZIP}
TEXT = (".txt", ".csv", ".json")
HTML = (b"<!doctype html", b"<html", b"<head")
HEAD = 512  # bytes that are looked at


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
        return hashlib.file_digest(file, lambda: digest).hexdigest()


def is_pinned(file: RemoteFile) -> bool:
    """Whether a hash says what the content must be, wherever it comes from."""
    return file.sha256 is not None or file.git_blob is not None


@dataclass(frozen=True)
class Verified:
    """A file whose content was checked."""

    file: str  # its name below the folder
    bytes: int
    sha256: str
    url: str
    mtime_ns: int  # an untouched file needs no hashing again


class Hashes:
    """The file `hashes.csv` of a folder; several threads may add to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._rows = {row.file: row for row in _read(path)}

    def get(self, name: str) -> Verified | None:
        """What is known of a file."""
        return self._rows.get(name)

    def put(self, name: str, path: Path, digest: str, url: str) -> None:
        """Remember on disk that the content at `path` was verified as that of the file `name`."""
        stat = path.stat()
        with self._lock:
            self._rows[name] = Verified(name, stat.st_size, digest, url, stat.st_mtime_ns)
            _write(self.path, [field.name for field in fields(Verified)], map(asdict, self._rows.values()))

    def pinned(self, file: RemoteFile) -> RemoteFile:
        """`file` with the hash of its first download, unless the registry has one or knows another size."""
        row = self.get(file.name)
        if row is None or is_pinned(file) or file.bytes not in (None, row.bytes):
            return file
        return file.model_copy(update={"sha256": row.sha256, "bytes": row.bytes})

    def vouch_for(self, file: RemoteFile, path: Path) -> bool:
        """Whether the file at `path` was verified and not touched since."""
        known, stat = self.get(file.name), path.stat()
        if known is None or (known.bytes, known.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
            return False
        if file.sha256 is None and file.git_blob is not None:
            return False  # the registry may name another blob by now, and the record has none to compare
        return file.sha256 in (None, known.sha256) and file.bytes in (None, known.bytes)

    def how_to_accept(self, file: RemoteFile) -> str:
        """What to do if another content is meant to be right: possible where the registry has no hash."""
        if self.pinned(file) is file:
            return ""
        return f" (it must be as at its first download; to accept another, remove its line in {self.path})"


def write_received(path: Path, files: Sequence[RemoteFile], hashes: Hashes) -> None:
    """Write the record of a complete download, one row per file, with what is to be done with it."""
    rows = []
    for file in files:
        row = hashes.get(file.name)
        assert row is not None, file.name
        place = {"into": "", "unpack": "no"} if file.lists_urls else {"into": file.into, "unpack": file.unpack}
        rows.append({"file": row.file, "bytes": row.bytes, "sha256": row.sha256, "url": row.url, **place})
    _write(path, ["file", "bytes", "sha256", "url", "into", "unpack"], rows)


def _read(path: Path) -> list[Verified]:
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [
            Verified(row["file"], int(row["bytes"]), row["sha256"], row["url"], int(row["mtime_ns"]))
            for row in csv.DictReader(file)
        ]


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with atomic(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
