"""Unpacking a dataset, one archive after another."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.params.sources import Sources
from tcclip.params.unpacking import GIGABYTE, Unpacking, load_unpacking
from tcclip.plan import layout
from tcclip.process.files import atomic
from tcclip.unpack.byte_progress import track_bytes
from tcclip.unpack.lock import LOCK, only_one
from tcclip.unpack.one import finished, unpack_one
from tcclip.unpack.parcels import Parcel, check_complete, parcels
from tcclip.unpack.records import Record
from tcclip.unpack.removal import remove_archive
from tcclip.unpack.safety import full_disk_in_words


def unpack(dataset: Dataset) -> str:
    """Bring a dataset's downloaded files to data/raw/<dataset>, and list them in unpacked.csv; says what was done.

    Finished archives are left alone. Whatever ended an earlier call, this one goes on from there.
    """
    sources, raw, limits = sources_of(dataset), layout.raw(dataset.name), load_unpacking()
    raw.mkdir(parents=True, exist_ok=True)
    with full_disk_in_words(raw, limits), only_one(dataset.name, raw / LOCK):
        everything = parcels(dataset)
        found = {parcel: finished(dataset.name, parcel) for parcel in everything}
        done = {parcel: record for parcel, record in found.items() if record is not None}
        pending = [parcel for parcel in everything if parcel not in done]
        check_complete(dataset, sources, pending)
        for parcel, record in done.items():
            remove_archive(dataset, parcel, record)
        _unpack_all(dataset, pending, done, limits)
        _write_summary(dataset.name, {parcel: done[parcel] for parcel in everything})
    files = sum(len(record.members) for record in done.values())
    return f"{files} files of {len(everything)} archives and lists, {len(pending)} of them unpacked now"


def sources_of(dataset: Dataset) -> Sources:
    """The sources of a dataset; a generated one has none."""
    if dataset.sources is None:
        raise UserError(
            f"params/datasets/{dataset.name}.yaml has no sources, so there is nothing to unpack: "
            f"`tcclip raw {dataset.name}` makes or checks its videos"
        )
    return dataset.sources


def _unpack_all(dataset: Dataset, pending: list[Parcel], done: dict[Parcel, Record], limits: Unpacking) -> None:
    """Unpack what is pending and add its records to `done`."""
    if not pending:
        return
    raw = layout.raw(dataset.name)
    taken = {raw / path: parcel.name for parcel, record in done.items() for path in record.members}
    sizes = {p: sum((layout.downloads(dataset.name) / name).stat().st_size for name in p.names) for p in pending}
    _check_space(dataset, sizes, limits)
    with track_bytes(f"unpacking {dataset.name}", sum(sizes.values())) as reached:
        before = 0
        for parcel in pending:
            written = before

            def wrote(size: int) -> None:
                nonlocal written
                written += size
                reached(written)

            done[parcel] = unpack_one(dataset.name, parcel, limits, taken, wrote)
            remove_archive(dataset, parcel, done[parcel])
            taken |= {raw / path: parcel.name for path in done[parcel].members}
            before += sizes[parcel]
            reached(before)


def _check_space(dataset: Dataset, sizes: dict[Parcel, int], limits: Unpacking) -> None:
    """Videos hardly compress: what the archives have is the least that they unpack to.

    On the disk of archives that are not kept the largest one counts, because each makes room for the next.
    """
    raw, downloads = layout.raw(dataset.name), layout.downloads(dataset.name)
    disks: dict[int, tuple[Path, list[int]]] = {}
    for parcel, size in sizes.items():
        target = raw / parcel.into
        place = next(path for path in (target, *target.parents) if path.exists())  # videos may be a link to a disk
        disks.setdefault(place.stat().st_dev, (place, []))[1].append(size)
    for disk, (place, parts) in disks.items():
        makes_room = not sources_of(dataset).keep_archives and disk == downloads.stat().st_dev
        needed = max(parts) if makes_room else sum(parts)
        free = shutil.disk_usage(place).free - limits.free_bytes
        if needed > free:
            raise UserError(
                f"unpacking {dataset.name} needs about {needed / GIGABYTE:.1f} GB more in {place} and "
                f"{max(free, 0) / GIGABYTE:.1f} GB are free besides the {limits.free_gigabytes:g} GB that "
                "params/unpacking.yaml keeps: free some space, or link data to a larger disk, and repeat the command"
            )


def _write_summary(dataset: str, records: dict[Parcel, Record]) -> None:
    """unpacked.csv: archive, files, bytes."""
    with atomic(layout.unpacked(dataset)) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["archive", "files", "bytes"])
        writer.writerows((p.name, len(r.members), sum(r.members.values())) for p, r in records.items())
