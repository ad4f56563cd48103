"""All files of a dataset's release and its published lists, in one folder with one record."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from rich.filesize import decimal

from tcclip.errors import UserError
from tcclip.fetch.files import Folder, Missing
from tcclip.fetch.lock import locked
from tcclip.fetch.parts import listed
from tcclip.fetch.record import Record, write_received
from tcclip.params.dataset import Dataset
from tcclip.params.downloads import Downloads, load_downloads
from tcclip.params.release import Part, files_of
from tcclip.params.sources import RemoteFile, Sources

RECEIVED = "received.csv"
NAMED = 5  # refused files that an error names with their reasons


def download(
    dataset: Dataset,
    folder: Path,
    part: Part = "release",
    settings: Downloads | None = None,
    again: bool = False,
    unpacked: Container[str] = (),
) -> str:
    """Fetch or verify the needed files of a part of `dataset` below `folder` and write received.csv; returns a summary.

    `again` hashes files as well that were not touched since they were verified. An archive that is recorded, one of
    `unpacked` and removed since (sources.keep_archives: false) is not fetched again.
    Raises UserError when files are missing, after everything else was fetched.
    """
    sources = dataset.sources
    if sources is None:
        raise UserError(
            f"params/datasets/{dataset.name}.yaml has no `sources`: nothing of {dataset.name} is downloaded; "
            f"`tcclip raw {dataset.name}` makes or checks its videos"
        )
    with locked(folder, dataset.name):
        record = Record(folder / "hashes.csv")
        place = Folder(dataset.name, folder, record, settings or load_downloads(), again)
        missing = Missing()
        files = files_of(dataset, part)
        naming = [file for file in files if file.lists_urls]
        fetched = place.obtain(naming, missing)
        for file in naming:
            if (folder / file.name).is_file():
                files += listed(file, folder / file.name)
        used = () if sources.keep_archives else unpacked
        rest = [file for file in files if not file.lists_urls and not _is_used_up(file, folder, record, used)]
        fetched += place.obtain(rest, missing)
        if missing:
            raise _incomplete(dataset.name, sources, folder, missing)
        write_received(folder / RECEIVED, files, record)
        return _summary(files, record, fetched)


def _is_used_up(file: RemoteFile, folder: Path, record: Record, unpacked: Container[str]) -> bool:
    return file.name in unpacked and record.get(file.name) is not None and not (folder / file.name).is_file()


def _incomplete(dataset: str, sources: Sources, folder: Path, missing: Missing) -> UserError:
    """One error for everything that is missing, and what a person can do about it."""
    refused = list(missing.refused.items())
    what = [f"{name} could not be fetched ({reasons})" for name, reasons in refused[:NAMED]]
    if len(refused) > NAMED:
        what.append(f"and {len(refused) - NAMED} more files")
    if missing.by_hand:
        what.append(f"{', '.join(missing.by_hand)} must be fetched by hand")
    how = sources.by_hand or f"A file that you can get elsewhere goes into {folder}/ under its name."
    return UserError(
        f"{dataset} is not complete: {'; '.join(what)}. {how} Licence: {sources.licence}. Page: {sources.page}. "
        f"Then run `tcclip download {dataset}` again; what was fetched stays."
    )


def _summary(files: Sequence[RemoteFile], record: Record, fetched: int) -> str:
    rows = [row for file in files if (row := record.get(file.name))]
    return f"{len(rows)} files, {decimal(sum(row.bytes for row in rows))}, {fetched} of them fetched now"
