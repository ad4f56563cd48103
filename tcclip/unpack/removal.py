"""Removing an archive once its videos are verified (`keep_archives: false` in a dataset's sources)."""

from __future__ import annotations

import sys

from tcclip.data.videos.reader import BrokenVideoError, probe
from tcclip.params.dataset import Dataset
from tcclip.params.release import is_list
from tcclip.plan import layout
from tcclip.unpack.parcels import Parcel
from tcclip.unpack.records import Record


def remove_archive(dataset: Dataset, parcel: Parcel, record: Record) -> None:
    """Remove an unpacked archive of videos, unless more of them than `max_missing` do not open: then it is kept.

    What was unpacked was compared with the archive's own checksums; opening the videos tells that the archive is one.
    """
    assert dataset.sources is not None
    if dataset.sources.keep_archives or parcel.unpack == "no" or is_list(parcel.into):
        return
    archives = [path for name in record.archives if (path := layout.downloads(dataset.name) / name).is_file()]
    if not archives:
        return
    broken = [path for path in record.members if not _opens(dataset.name, path)]
    if len(broken) > dataset.max_missing * len(record.members):
        print(
            f"{parcel.name} is kept: {len(broken)} of its {len(record.members)} videos do not open, first {broken[0]}",
            file=sys.stderr,
        )
        return
    for path in archives:
        path.unlink()


def _opens(dataset: str, path: str) -> bool:
    try:
        probe(layout.raw(dataset) / path)
    except BrokenVideoError:
        return False
    return True
