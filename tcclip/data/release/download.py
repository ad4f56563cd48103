"""All files of a dataset's release and its published lists, in one folder with one record, several at a time.

By hand and not by pooch, which has hashes and retries too: it does not go on with a partial file (Range), and a server
that cuts after 40 of 50 GB would never give the whole.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from rich.filesize import decimal

from tcclip.data.release import partial
from tcclip.data.release.http import Transfer, UnavailableError, fetch
from tcclip.data.release.needed import Which, files_of, listed_archives
from tcclip.data.release.verify import Hashes, WrongContentError, check, write_received
from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.params.downloads import Downloads, load_downloads
from tcclip.params.release import RemoteFile, Sources
from tcclip.process.lock import alone
from tcclip.process.progress import Meter, track, track_files

RECEIVED = "received.csv"
BY_HAND = "by hand"  # in place of a URL
NAMED = 5  # refused files that an error names with their reasons
LISTED = 20  # others that it names, so that a person can put them there; all lists of a dataset are fewer


def download(
    dataset: Release,
    folder: Path,
    which: Which = "release",
    settings: Downloads | None = None,
    again: bool = False,
    unpacked: Container[str] = (),
) -> str:
    """Fetch or verify the needed files of `dataset` below `folder` and write received.csv; returns a summary.

    `again` hashes files as well that were not touched since they were verified. An archive that is recorded, one of
    `unpacked` and removed since (sources.keep_archives: false) is not fetched again.
    Raises UserError when files are missing, after everything else was fetched.
    """
    sources = dataset.downloads
    busy = f"another download of {dataset.name} is running here ({{holder}}): wait for it, or stop it and run the same "
    with alone(folder / ".lock", busy + "command again"):
        hashes = Hashes(folder / "hashes.csv")
        place = Folder(dataset.name, folder, hashes, settings or load_downloads(), again)
        missing = Missing()
        files = files_of(dataset, which)
        naming = [file for file in files if file.lists_urls]
        fetched = place.obtain(naming, missing)
        for file in naming:
            if (folder / file.name).is_file():
                files += listed_archives(file, folder / file.name)
        used = () if sources.keep_archives else unpacked
        rest = [file for file in files if not file.lists_urls and not _is_used_up(file, folder, hashes, used)]
        fetched += place.obtain(rest, missing)
        if missing.by_hand or missing.refused:
            raise _incomplete(dataset.name, sources, folder, missing)
        write_received(folder / RECEIVED, files, hashes)
        sizes = [row.bytes for file in files if (row := hashes.get(file.name))]
        return f"{len(sizes)} files, {decimal(sum(sizes))}, {fetched} of them fetched now"


@dataclass
class Missing:
    """What could not be had."""

    by_hand: list[str] = field(default_factory=list)  # names of files that no program can fetch
    refused: dict[str, str] = field(default_factory=dict)  # name -> every candidate with its reason


@dataclass(frozen=True)
class Folder:
    """The folder of a dataset's downloads with its record; `again` hashes files that were not touched as well."""

    dataset: str
    path: Path
    hashes: Hashes
    settings: Downloads
    again: bool

    def obtain(self, files: Sequence[RemoteFile], missing: Missing) -> int:
        """Verify what is there and fetch the rest; what cannot be had is added to `missing`, and the others go on.

        Returns how many files were fetched. UserError if a file that is there is wrong, or the disk is full.
        """
        self._verify([file for file in files if (self.path / file.name).is_file()])
        absent = [file for file in files if not (self.path / file.name).is_file()]
        missing.by_hand += [file.name for file in absent if not file.urls]
        wanted = [file for file in absent if file.urls]
        if not wanted:
            return 0
        self._check_room([self.hashes.pinned(file) for file in wanted])
        refused = {}
        with (
            track_files(f"{self.dataset} downloads", len(wanted)) as meter,
            _threads(self.settings.parallel) as (
                pool,
                stop,
            ),
        ):
            jobs = {pool.submit(self._fetch, file, meter, stop): file.name for file in wanted}
            for job in as_completed(jobs):
                try:
                    job.result()
                except UnavailableError as error:
                    refused[jobs[job]] = str(error)
        missing.refused |= refused
        return len(wanted) - len(refused)

    def _verify(self, files: Sequence[RemoteFile]) -> None:
        """Check the content of files that are there; those not touched since the last check need none."""
        doubtful = [file for file in files if self.again or not self.hashes.vouch_for(file, self.path / file.name)]
        for file in track(doubtful, f"{self.dataset} checks", "files"):
            path = self.path / file.name
            known = self.hashes.get(file.name)
            try:
                digest = check(self.hashes.pinned(file), path)
            except WrongContentError as error:
                raise UserError(
                    f"{path} is not the file that it should be: it {error}; remove it and run `tcclip download "
                    f"{self.dataset}` again{self.hashes.how_to_accept(file)}"
                ) from error
            self.hashes.put(file.name, path, digest, known.url if known else BY_HAND)

    def _fetch(self, file: RemoteFile, meter: Meter, stop: Event) -> None:
        path = self.path / file.name
        part = partial.part_of(path)
        transfer = Transfer(
            self.hashes.pinned(file), part, self.settings, lambda have, total: meter.at(file.name, have, total), stop
        )
        try:
            digest, url = fetch(transfer)
        except UnavailableError as error:
            raise UnavailableError(f"{error}{self.hashes.how_to_accept(file)}") from error
        # The record is first: were it second, a file whose process dies in between would count as placed by hand.
        self.hashes.put(file.name, part, digest, url)
        partial.complete(part, path)
        meter.done(file.name)

    def _check_room(self, files: Sequence[RemoteFile]) -> None:
        """UserError if the disk has less room than the files need, where all their sizes are known."""
        sizes = [file.bytes for file in files if file.bytes is not None]
        have = sum(partial.size_of(partial.part_of(self.path / file.name)) for file in files)
        needed, free = sum(sizes) - have, shutil.disk_usage(self.path).free
        if len(sizes) == len(files) and needed > free:
            raise UserError(
                f"the disk of {self.path} has {decimal(free)} left, and {self.dataset} needs {decimal(needed)} more: "
                "free some space, or link the folder to another disk, and run the same command again"
            )


@contextlib.contextmanager
def _threads(number: int) -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads for transfers; when the block is left early they end soon and leave their partial files."""
    stop = Event()
    pool = ThreadPoolExecutor(number)
    try:
        yield pool, stop
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _is_used_up(file: RemoteFile, folder: Path, hashes: Hashes, unpacked: Container[str]) -> bool:
    return file.name in unpacked and hashes.get(file.name) is not None and not (folder / file.name).is_file()


def _incomplete(dataset: str, sources: Sources, folder: Path, missing: Missing) -> UserError:
    """One error for everything that is missing, and what a person can do about it."""
    refused = list(missing.refused.items())
    what = [f"{name} could not be fetched ({reasons})" for name, reasons in refused[:NAMED]]
    if others := [name for name, _ in refused[NAMED:]]:
        more = f" and {len(others) - LISTED} more files" if len(others) > LISTED else ""
        what.append(f"nor could {', '.join(others[:LISTED])}{more}")
    if missing.by_hand:
        what.append(f"{', '.join(missing.by_hand)} must be fetched by hand")
    release = {file.name for file in sources.files} & {*missing.refused, *missing.by_hand}
    elsewhere = f"A file that you can get elsewhere goes into {folder}/ under its name."
    how = sources.by_hand if sources.by_hand and release else elsewhere
    return UserError(
        f"{dataset} is not complete: {'; '.join(what)}. {how} Licence: {sources.licence}. Page: {sources.page}. "
        f"Then run `tcclip download {dataset}` again; what was fetched stays."
    )
