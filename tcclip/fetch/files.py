"""The files of a release in their folder: those that are there are verified, the others fetched, several at a time."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from rich.filesize import decimal

from tcclip.errors import UserError
from tcclip.fetch import partial
from tcclip.fetch.candidates import fetch
from tcclip.fetch.meter import Meter, metered
from tcclip.fetch.outcomes import RefusedError
from tcclip.fetch.record import BY_HAND, Record, Verified
from tcclip.fetch.verify import WrongContentError, check
from tcclip.params.downloads import Downloads
from tcclip.params.sources import RemoteFile
from tcclip.process.progress import track


@dataclass
class Missing:
    """What could not be had."""

    by_hand: list[str] = field(default_factory=list)  # names of files that no program can fetch
    refused: dict[str, str] = field(default_factory=dict)  # name -> every candidate with its reason

    def __bool__(self) -> bool:
        return bool(self.by_hand or self.refused)


@dataclass(frozen=True)
class Folder:
    """The folder of a dataset's downloads with its record; `again` hashes files that were not touched as well."""

    dataset: str
    path: Path
    record: Record
    settings: Downloads
    again: bool = False

    def obtain(self, files: Sequence[RemoteFile], missing: Missing) -> int:
        """Verify what is there and fetch the rest; what cannot be had is added to `missing`.

        Returns how many files were fetched. UserError if a file that is there is wrong, or the disk is full.
        """
        self._verify([file for file in files if (self.path / file.name).is_file()])
        absent = [file for file in files if not (self.path / file.name).is_file()]
        missing.by_hand += [file.name for file in absent if not file.urls]
        wanted = [file for file in absent if file.urls]
        if not wanted:
            return 0
        self._check_room([self.record.pinned(file) for file in wanted])
        before = len(missing.refused)
        with (
            metered(f"{self.dataset} downloads", len(wanted)) as meter,
            _threads(self.settings.parallel) as (pool, stop),
        ):
            jobs = {pool.submit(self._fetch, file, meter, stop): file.name for file in wanted}
            for job in as_completed(jobs):
                _note(job, jobs[job], missing)
        return len(wanted) - (len(missing.refused) - before)

    def _verify(self, files: Sequence[RemoteFile]) -> None:
        """Check the content of files that are there; those not touched since the last check need none."""
        doubtful = [file for file in files if self.again or not self._is_untouched(file)]
        for file in track(doubtful, f"{self.dataset} checks", "files"):
            path = self.path / file.name
            known = self.record.get(file.name)
            try:
                digest = check(self.record.pinned(file), path)
            except WrongContentError as error:
                raise UserError(
                    f"{path} is not the file that it should be: it {error}; remove it and run `tcclip download "
                    f"{self.dataset}` again{self._how_to_accept(file)}"
                ) from error
            self.record.put(_verified(file, path, digest, known.url if known else BY_HAND))

    def _is_untouched(self, file: RemoteFile) -> bool:
        known, stat = self.record.get(file.name), (self.path / file.name).stat()
        if known is None or (known.bytes, known.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
            return False
        if file.sha256 is None and file.git_blob is not None:
            return False  # the registry may name another blob by now, and the record has none to compare
        return file.sha256 in (None, known.sha256) and file.bytes in (None, known.bytes)

    def _fetch(self, file: RemoteFile, meter: Meter, stop: Event) -> None:
        path = self.path / file.name
        part = partial.part_of(path)
        pinned = self.record.pinned(file)
        try:
            digest, url = fetch(pinned, part, self.settings, lambda have, total: meter.at(file.name, have, total), stop)
        except RefusedError as error:
            raise RefusedError(f"{error}{self._how_to_accept(file)}") from error
        # The record is first: were it second, a file whose process dies in between would count as placed by hand.
        self.record.put(_verified(file, part, digest, url))
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

    def _how_to_accept(self, file: RemoteFile) -> str:
        """What to do if another content is meant to be right: possible where the registry has no hash."""
        if self.record.pinned(file) is file:
            return ""
        return f" (it must be as at its first download; to accept another, remove its line in {self.record.path})"


def _verified(file: RemoteFile, path: Path, digest: str, url: str) -> Verified:
    stat = path.stat()
    return Verified(file.name, stat.st_size, digest, url, stat.st_mtime_ns)


def _note(job: Future[None], name: str, missing: Missing) -> None:
    """A refused file is noted, so that the others go on; any other error ends the download."""
    try:
        job.result()
    except RefusedError as error:
        missing.refused[name] = str(error)


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
