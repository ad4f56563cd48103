"""Removing archives whose videos are verified (`keep_archives: false` in a dataset's sources)."""

from __future__ import annotations

from tcclip import layout
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.params.unpacking import GIGABYTE
from tcclip.unpack.lock import LOCK, only_one
from tcclip.unpack.parcels import is_list, parcels
from tcclip.unpack.records import all_records, lost_members, read_record
from tcclip.unpack.run import sources_of


def remove_archives(dataset: Dataset) -> str:
    """Remove the archives of a dataset's videos, if it is not to keep them; says what was done.

    To be called when the videos were verified. An archive stays unless every file that it gave is in place.
    """
    sources = sources_of(dataset)
    if sources.keep_archives:
        return "archives are kept"
    removed = freed = 0
    with only_one(dataset.name, layout.raw(dataset.name) / LOCK):
        for parcel in parcels(dataset, sources):
            if parcel.unpack == "no" or is_list(parcel.into):
                continue
            record = read_record(dataset.name, parcel)
            lost = lost_members(dataset.name, record) if record else []
            if record is None or lost:
                what = f"{len(lost)} of its files ({lost[0]}, ...) are not in place" if lost else "it was not unpacked"
                raise UserError(f"{parcel.name} is not removed: {what}; call `tcclip unpack {dataset.name}` first")
            for path in [layout.downloads(dataset.name) / name for name in record.archives]:
                if path.is_file():
                    freed += path.stat().st_size
                    path.unlink()
                    removed += 1
    return f"{removed} archives removed, {freed / GIGABYTE:.1f} GB"


def unpacked_archives(dataset: str) -> set[str]:
    """Archives below data/downloads/<dataset> that need not be there any more: their files are in place."""
    finished = [record for record in all_records(dataset) if not lost_members(dataset, record)]
    return {name for record in finished for name in record.archives}
