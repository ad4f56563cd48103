"""One file from the first of its candidate URLs that has it, with patience for servers and lines that fail."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from tcclip.fetch import partial
from tcclip.fetch.http import Watch, receive
from tcclip.fetch.outcomes import RefusedError, StoppedError, TryAgainError
from tcclip.fetch.urls import quoted
from tcclip.fetch.verify import WrongContentError, check
from tcclip.params.downloads import Downloads
from tcclip.params.sources import RemoteFile


def fetch(file: RemoteFile, part: Path, settings: Downloads, watch: Watch, stop: Event) -> tuple[str, str]:
    """Fill `part` with the verified content of `file`; returns its sha256 and the URL that gave it.

    RefusedError names every candidate with its reason.
    """
    reasons = []
    for url in file.urls:
        try:
            return _from(file, quoted(url), part, settings, watch, stop), url
        except RefusedError as error:
            reasons.append(f"{url}: {error}")
    raise RefusedError("; ".join(reasons))


def _from(file: RemoteFile, url: str, part: Path, settings: Downloads, watch: Watch, stop: Event) -> str:
    """One candidate: requests until the file is complete and right, or too many in a row brought nothing new."""
    most = before = partial.size_of(part)
    failures = 0
    while True:
        before = partial.usable(file, part, url)
        try:
            receive(file, url, part, settings, watch, stop)
            return _checked(file, part, resumed=before > 0)
        except TryAgainError as error:
            size = partial.size_of(part)
            failures = 1 if size > most else failures + 1
            most = max(most, size)
            if failures >= settings.attempts:
                raise RefusedError(f"{error} ({failures} times in a row)") from error
            pause = max(error.wait_seconds, settings.backoff_seconds * 2 ** (failures - 1))
            if stop.wait(min(pause, settings.backoff_limit_seconds)):
                raise StoppedError from None


def _checked(file: RemoteFile, part: Path, resumed: bool) -> str:
    """The sha256 of a complete partial file; wrong content is removed.

    Pieces of several requests may be of different versions of a file: then the whole of it is asked for once more.
    """
    try:
        return check(file, part)
    except WrongContentError as error:
        partial.discard(part)
        raise (TryAgainError if resumed else RefusedError)(str(error)) from error
