"""Unpacking one archive, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params.release import is_list
from tcclip.params.unpacking import Unpacking
from tcclip.plan import layout
from tcclip.unpack.archive import read
from tcclip.unpack.members import damage
from tcclip.unpack.parcels import Parcel
from tcclip.unpack.placing import copy_list, place
from tcclip.unpack.records import Record, changed_archives, lost_members, read_record, record_path, write_record
from tcclip.unpack.safety import Quota
from tcclip.unpack.staging import stage, staging_folder


def finished(dataset: str, parcel: Parcel) -> Record | None:
    """The record of a parcel if nothing is left to do: its archives are the same or gone, its files all there."""
    record = read_record(dataset, parcel)
    if record is None or changed_archives(dataset, record) or lost_members(dataset, record):
        return None
    return record


def unpack_one(
    dataset: str, parcel: Parcel, limits: Unpacking, taken: dict[Path, str], wrote: Callable[[int], object]
) -> Record:
    """Unpack a parcel and record it. `taken`: the files of other archives; `wrote` is told the bytes of every file.

    Damage, a refused member and a full disk are UserErrors that name the archive; nothing of it is in place then.
    """
    raw, downloads = layout.raw(dataset), layout.downloads(dataset)
    target = raw / parcel.into
    archives = {name: (downloads / name).stat().st_size for name in parcel.names}
    if parcel.unpack == "no":
        files = copy_list(downloads / parcel.names[0], target)
    else:
        with _named_errors(dataset, parcel), staging_folder(raw, target) as folder:
            content = read([downloads / name for name in parcel.names], parcel.unpack)
            quota = Quota(limits, sum(archives.values()), folder)
            staged = stage(content, folder, quota, is_list(parcel.into), wrote)
            files = place(staged, target, taken)
    record = Record(archives, {path.relative_to(raw).as_posix(): size for path, size in files.items()})
    write_record(record_path(dataset, parcel), record)
    return record


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
