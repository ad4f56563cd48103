"""Unpacking a dataset, one archive after another: whole or not at all, and recorded when it is in place."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tcclip.data.release.archive import members
from tcclip.data.release.members import damage
from tcclip.data.release.needed import is_list
from tcclip.data.release.parcels import Parcel, Unpacked, check_complete, finished, parcels, write_record
from tcclip.data.release.placing import copy_list, place, remove_archive
from tcclip.data.release.staging import Quota, full_disk_in_words, stage_members, staging_folder
from tcclip.data.videos.links import unlink_videos
from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.params.unpacking import GIGABYTE, Unpacking, load_unpacking
from tcclip.plan import layout
from tcclip.process.files import atomic
from tcclip.process.lock import alone
from tcclip.process.progress import track_bytes

LOCK = ".unpack.lock"  # in the dataset's folder


def unpack(dataset: Release) -> str:
    """Bring a dataset's downloaded files to data/raw/<dataset>, and list them in unpacked.csv; says what was done.

    Finished archives are left alone. Whatever ended an earlier call, this one goes on from there.
    """
    raw, limits = layout.raw(dataset.name), load_unpacking()
    raw.mkdir(parents=True, exist_ok=True)
    busy = f"another `tcclip unpack {dataset.name}` is at work ({{holder}}): wait for it or stop it, and repeat yours"
    with full_disk_in_words(raw, limits), alone(raw / LOCK, busy):
        if dataset.folder is None:
            unlink_videos(raw / "videos")
        everything = parcels(dataset)
        found = {parcel: finished(dataset.name, parcel) for parcel in everything}
        done = {parcel: unpacked for parcel, unpacked in found.items() if unpacked is not None}
        pending = [parcel for parcel in everything if parcel not in done]
        check_complete(dataset, dataset.downloads, pending)
        for parcel, unpacked in done.items():
            remove_archive(dataset, parcel, unpacked)
        if pending:
            _unpack_all(dataset, pending, done, limits)
        _write_summary(dataset.name, {parcel: done[parcel] for parcel in everything})
    files = sum(len(unpacked.members) for unpacked in done.values())
    return f"{files} files of {len(everything)} archives and lists, {len(pending)} of them unpacked now"


def _unpack_all(dataset: Release, pending: list[Parcel], done: dict[Parcel, Unpacked], limits: Unpacking) -> None:
    """Unpack what is pending and add it to `done`."""
    raw = layout.raw(dataset.name)
    taken = {raw / path: parcel.name for parcel, unpacked in done.items() for path in unpacked.members}
    sizes = {parcel: sum(_archives(dataset.name, parcel).values()) for parcel in pending}
    _check_space(dataset, sizes, limits)
    with track_bytes(f"unpacking {dataset.name}", sum(sizes.values())) as reached:
        before = 0
        for parcel in pending:
            written = before

            def wrote(size: int) -> None:
                nonlocal written
                written += size
                reached(written)

            done[parcel] = _unpack_one(dataset.name, parcel, limits, taken, wrote)
            remove_archive(dataset, parcel, done[parcel])
            taken |= {raw / path: parcel.name for path in done[parcel].members}
            before += sizes[parcel]
            reached(before)


def _unpack_one(
    dataset: str, parcel: Parcel, limits: Unpacking, taken: dict[Path, str], wrote: Callable[[int], object]
) -> Unpacked:
    """Unpack a parcel and record it. `taken`: the files of other archives; `wrote` is told the bytes of every file.

    Damage, a refused member and a full disk are UserErrors that name the archive; nothing of it is in place then.
    """
    raw, downloads = layout.raw(dataset), layout.downloads(dataset)
    target = raw / parcel.into
    archives = _archives(dataset, parcel)
    if parcel.unpack == "no":
        files = copy_list(downloads / parcel.names[0], target)
    else:
        with _named_errors(dataset, parcel), staging_folder(raw, target) as folder:
            content = members([downloads / name for name in parcel.names], parcel.unpack)
            quota = Quota(limits, sum(archives.values()), folder)
            files = place(stage_members(content, folder, quota, is_list(parcel.into), wrote), target, taken)
    unpacked = Unpacked(archives, {path.relative_to(raw).as_posix(): size for path, size in files.items()})
    write_record(dataset, parcel, unpacked)
    return unpacked


def _archives(dataset: str, parcel: Parcel) -> dict[str, int]:
    """The bytes of a parcel's files."""
    return {name: (layout.downloads(dataset) / name).stat().st_size for name in parcel.names}


@contextmanager
def _named_errors(dataset: str, parcel: Parcel) -> Iterator[None]:
    where = " + ".join(str(layout.downloads(dataset) / name) for name in parcel.names)
    try:
        yield
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    except Exception as error:
        reason = damage(error)
        if reason is None:
            raise
        raise UserError(
            f"{where} is damaged ({reason}): delete it, fetch it again with `tcclip download {dataset}`, and repeat "
            "this command"
        ) from error


def _check_space(dataset: Release, sizes: dict[Parcel, int], limits: Unpacking) -> None:
    """Videos hardly compress: what the archives have is the least that they unpack to.

    On the disk of archives that are not kept the largest one counts, because each makes room for the next.
    """
    raw, downloads = layout.raw(dataset.name), layout.downloads(dataset.name)
    disks: dict[int, tuple[Path, list[int]]] = {}
    for parcel, size in sizes.items():
        target = raw / parcel.into
        there = next(path for path in (target, *target.parents) if path.exists())  # videos may be a link to a disk
        disks.setdefault(there.stat().st_dev, (there, []))[1].append(size)
    for disk, (there, parts) in disks.items():
        makes_room = not dataset.downloads.keep_archives and disk == downloads.stat().st_dev
        needed = max(parts) if makes_room else sum(parts)
        free = shutil.disk_usage(there).free - limits.free_bytes
        if needed > free:
            raise UserError(
                f"unpacking {dataset.name} needs about {needed / GIGABYTE:.1f} GB more in {there} and "
                f"{max(free, 0) / GIGABYTE:.1f} GB are free besides the {limits.free_gigabytes:g} GB that "
                "params/unpacking.yaml keeps: free some space, or link data to a larger disk, and repeat the command"
            )


def _write_summary(dataset: str, unpacked: dict[Parcel, Unpacked]) -> None:
    """unpacked.csv: archive, files, bytes."""
    with atomic(layout.unpacked(dataset)) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["archive", "files", "bytes"])
        writer.writerows((p.name, len(u.members), sum(u.members.values())) for p, u in unpacked.items())
