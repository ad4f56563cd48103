"""What was received: `hashes.csv` remembers every file ever verified, `received.csv` says that a dataset is complete.

Snakemake removes its outputs (received.csv) before it starts a job again; hashes.csv is none of them and stays.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Lock
from typing import Any

from tcclip.fetch.verify import is_pinned
from tcclip.params.sources import RemoteFile
from tcclip.process.files import atomic

BY_HAND = "by hand"  # in place of a URL


@dataclass(frozen=True)
class Verified:
    """A file whose content was checked."""

    file: str  # its name below the folder
    bytes: int
    sha256: str
    url: str
    mtime_ns: int  # an untouched file needs no hashing again


class Record:
    """The file `hashes.csv` of a folder; several threads may add to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._rows = {row.file: row for row in _read(path)}

    def get(self, name: str) -> Verified | None:
        """What is known of a file."""
        return self._rows.get(name)

    def put(self, row: Verified) -> None:
        """Remember a file, on disk."""
        with self._lock:
            self._rows[row.file] = row
            _write(self.path, [field.name for field in fields(Verified)], map(asdict, self._rows.values()))

    def pinned(self, file: RemoteFile) -> RemoteFile:
        """`file` with the hash of its first download, unless the registry has one or knows another size."""
        row = self.get(file.name)
        if row is None or is_pinned(file) or file.bytes not in (None, row.bytes):
            return file
        return file.model_copy(update={"sha256": row.sha256, "bytes": row.bytes})


def write_received(path: Path, files: Sequence[RemoteFile], record: Record) -> None:
    """Write the record of a complete download, one row per file, with what is to be done with it."""
    rows = []
    for file in files:
        row = record.get(file.name)
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
