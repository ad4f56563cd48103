"""What there is to unpack for a dataset: archives, pieces of archives, and lists that are only copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tcclip.errors import UserError
from tcclip.fetch.parts import listed
from tcclip.params.dataset import Dataset
from tcclip.params.release import files_of
from tcclip.params.sources import RemoteFile, Sources
from tcclip.plan import layout


@dataclass(frozen=True)
class Parcel:
    """Files that are unpacked together: one archive, or all pieces of one."""

    names: tuple[str, ...]  # below data/downloads/<dataset>
    into: str  # below data/raw/<dataset>
    unpack: Literal["no", "archive", "joined"]

    @property
    def name(self) -> str:
        """How it is called in records and messages."""
        return " + ".join(self.names)


def parcels(dataset: Dataset) -> list[Parcel]:
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
    for part in listed(file, path):
        yield Parcel((part.name,), part.into, part.unpack)


def check_complete(dataset: Dataset, sources: Sources, pending: list[Parcel]) -> None:
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
