"""What there is to unpack for a dataset, parcel by parcel, and the record of every finished one.

Records are data/raw/<dataset>/unpacked/<archive>.csv, with the archive's size and its files. What is finished is not
read again; its record also says which videos vouch for an archive when it is removed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from tcclip.data.release.needed import files_of, listed_archives
from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.params.release import RemoteFile, Sources
from tcclip.plan import layout
from tcclip.process.files import atomic


@dataclass(frozen=True)
class Parcel:
    """Files that are unpacked together: one archive, all pieces of one, or a list that is only copied."""

    names: tuple[str, ...]  # below data/downloads/<dataset>
    into: str  # below data/raw/<dataset>
    unpack: Literal["no", "archive", "joined"]

    @property
    def name(self) -> str:
        """How it is called in records and messages."""
        return " + ".join(self.names)


@dataclass(frozen=True)
class Unpacked:
    """What a parcel held when it was unpacked."""

    archives: dict[str, int]  # name below data/downloads/<dataset> -> bytes
    members: dict[str, int]  # path below data/raw/<dataset> -> bytes


def parcels(dataset: Release) -> list[Parcel]:
    """Everything to unpack, in the order of the dataset's file."""
    found: list[Parcel] = []
    for file in files_of(dataset):
        for parcel in _parcels_of(file, dataset.name):
            if parcel.unpack == "joined" and found and (found[-1].unpack, found[-1].into) == ("joined", parcel.into):
                parcel = Parcel(found.pop().names + parcel.names, parcel.into, "joined")
            found.append(parcel)
    return found


def _parcels_of(file: RemoteFile, dataset: str) -> Iterator[Parcel]:
    if not file.lists_urls:
        yield Parcel((file.name,), file.into, file.unpack)
        return
    path = layout.downloads(dataset) / file.name
    if not path.is_file():
        raise UserError(
            f"{path}, which names archives of {dataset}, is missing: fetch it with `tcclip download {dataset}`"
        )
    for archive in listed_archives(file, path):
        yield Parcel((archive.name,), archive.into, archive.unpack)


def check_complete(dataset: Release, sources: Sources, pending: list[Parcel]) -> None:
    """Every file of `pending` is there; what is missing is one error for all."""
    folder = layout.downloads(dataset.name)
    names = [name for parcel in pending for name in parcel.names]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more files" if missing[1:] else ""
        by_hand = f" ({sources.by_hand.rstrip('. ')})" if sources.by_hand else ""
        raise UserError(
            f"{folder / missing[0]}{more} of {len(names)} to unpack are missing: fetch them with "
            f"`tcclip download {dataset.name}`{by_hand}"
        )


def write_record(dataset: str, parcel: Parcel, unpacked: Unpacked) -> None:
    """Record a finished parcel, atomically."""
    with atomic(_record_path(dataset, parcel)) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "path", "bytes"])
        writer.writerows(("archive", *item) for item in unpacked.archives.items())
        writer.writerows(("member", *item) for item in unpacked.members.items())


def finished(dataset: str, parcel: Parcel) -> Unpacked | None:
    """The record of a parcel if nothing is left to do: its archives are the same or gone, its files all there."""
    path = _record_path(dataset, parcel)
    record = _read(path) if path.is_file() else None
    if record is None or tuple(record.archives) != parcel.names:
        return None
    changed = _differing(layout.downloads(dataset), record.archives, absent=False)
    return None if changed or _lost_members(dataset, record) else record


def finished_archives(dataset: str) -> set[str]:
    """Every archive whose files are all in place: where it is gone, it need not be fetched again."""
    records = map(_read, layout.unpacked(dataset).with_suffix("").glob("*.csv"))
    return {name for record in records if not _lost_members(dataset, record) for name in record.archives}


def _record_path(dataset: str, parcel: Parcel) -> Path:
    return layout.unpacked(dataset).with_suffix("") / f"{quote(parcel.names[0], safe='')}.csv"


def _read(path: Path) -> Unpacked:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sizes = {
        kind: {row["path"]: int(row["bytes"]) for row in rows if row["kind"] == kind} for kind in ("archive", "member")
    }
    return Unpacked(sizes["archive"], sizes["member"])


def _lost_members(dataset: str, record: Unpacked) -> bool:
    return _differing(layout.raw(dataset), record.members, absent=True)


def _differing(folder: Path, sizes: dict[str, int], absent: bool) -> bool:
    """Whether any file has another size than in `sizes`; `absent`: or is not there."""
    for name, size in sizes.items():
        try:
            if (folder / name).stat().st_size != size:
                return True
        except FileNotFoundError:
            if absent:
                return True
    return False
