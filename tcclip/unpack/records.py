"""One record per finished archive: data/raw/<dataset>/unpacked/<archive>.csv with its size and its files.

A finished archive is not read again; its record also says which videos vouch for it when it is removed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tcclip.plan import layout
from tcclip.process.files import atomic
from tcclip.unpack.parcels import Parcel


@dataclass(frozen=True)
class Record:
    """What an archive held when it was unpacked."""

    archives: dict[str, int]  # name below data/downloads/<dataset> -> bytes
    members: dict[str, int]  # path below data/raw/<dataset> -> bytes


def record_path(dataset: str, parcel: Parcel) -> Path:
    """Where a parcel's record lies."""
    return layout.unpacked(dataset).with_suffix("") / f"{quote(parcel.names[0], safe='')}.csv"


def write_record(path: Path, record: Record) -> None:
    """Write a record atomically."""
    with atomic(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "path", "bytes"])
        writer.writerows(("archive", *item) for item in record.archives.items())
        writer.writerows(("member", *item) for item in record.members.items())


def read_record(dataset: str, parcel: Parcel) -> Record | None:
    """The record of a parcel; None if there is none, or none of these archives."""
    path = record_path(dataset, parcel)
    record = _read(path) if path.is_file() else None
    return record if record and tuple(record.archives) == parcel.names else None


def _read(path: Path) -> Record:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sizes = {
        kind: {row["path"]: int(row["bytes"]) for row in rows if row["kind"] == kind} for kind in ("archive", "member")
    }
    return Record(sizes["archive"], sizes["member"])


def finished_archives(dataset: str) -> set[str]:
    """Every archive whose files are all in place: where it is gone, it need not be fetched again."""
    records = map(_read, layout.unpacked(dataset).with_suffix("").glob("*.csv"))
    return {name for record in records if not lost_members(dataset, record) for name in record.archives}


def changed_archives(dataset: str, record: Record) -> list[str]:
    """Archives that are there with another size than when they were unpacked. A removed archive has not changed."""
    return _differing(layout.downloads(dataset), record.archives, absent=False)


def lost_members(dataset: str, record: Record) -> list[str]:
    """Unpacked files that are not there any more, or with another size."""
    return _differing(layout.raw(dataset), record.members, absent=True)


def _differing(folder: Path, sizes: dict[str, int], absent: bool) -> list[str]:
    names = []
    for name, size in sizes.items():
        path = folder / name
        try:
            differs = path.stat().st_size != size
        except FileNotFoundError:
            differs = absent
        if differs:
            names.append(name)
    return names
