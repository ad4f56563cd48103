"""One file over HTTP: its candidate URLs in turn, patience for servers and lines that fail, request after request."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Event

import requests
import urllib3
from requests import exceptions

from tcclip.data.release import partial
from tcclip.data.release.needed import quoted
from tcclip.data.release.verify import WrongContentError, check, check_head, check_size, is_pinned
from tcclip.params.downloads import Downloads
from tcclip.params.release import RemoteFile

CHUNK = 1 << 18  # bytes; at most so many are lost when a process is killed
TRY_AGAIN = (408, 425, 429, *range(500, 600))  # states of a server that pass
NEVER = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema, exceptions.TooManyRedirects)


class TryAgainError(Exception):
    """The server or the line failed; the same request may succeed later."""

    def __init__(self, reason: str, wait_seconds: float = 0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds  # what the server asked for


class UnavailableError(Exception):
    """This address does not give the file, however often it is asked; another may."""


class AbortedError(Exception):
    """Another file's error, or the user, ended the download."""


@dataclass(frozen=True)
class Transfer:
    """A file on its way to `part`."""

    file: RemoteFile
    part: Path
    settings: Downloads
    reached: Callable[[int, int | None], None]  # is told the bytes that are there, and those of the complete file
    stop: Event  # ends the transfer; its partial file stays


def fetch(transfer: Transfer) -> tuple[str, str]:
    """Fill the partial file with verified content; returns its sha256 and the URL that gave it.

    UnavailableError names every candidate with its reason, AbortedError if told to stop, UserError if the disk is full.
    """
    reasons = []
    for url in transfer.file.urls:
        try:
            return _from(transfer, quoted(url)), url
        except UnavailableError as error:
            reasons.append(f"{url}: {error}")
    raise UnavailableError("; ".join(reasons))


def _from(transfer: Transfer, url: str) -> str:
    """One candidate: requests until the file is complete and right, or too many in a row brought nothing new."""
    file, part, settings = transfer.file, transfer.part, transfer.settings
    most, failures = partial.size_of(part), 0
    while True:
        resumed = partial.usable(file, part, url) > 0
        try:
            _request(transfer, url)
            return _checked(file, part, resumed)
        except TryAgainError as error:
            size = partial.size_of(part)
            failures = 1 if size > most else failures + 1
            most = max(most, size)
            if failures >= settings.attempts:
                raise UnavailableError(f"{error} ({failures} times in a row)") from error
            pause = max(error.wait_seconds, settings.backoff_seconds * 2 ** (failures - 1))
            if transfer.stop.wait(min(pause, settings.backoff_limit_seconds)):
                raise AbortedError from None


def _checked(file: RemoteFile, part: Path, resumed: bool) -> str:
    """The sha256 of a complete partial file; wrong content is removed.

    Pieces of several requests may be of different versions of a file: then the whole of it is asked for once more.
    """
    try:
        return check(file, part)
    except WrongContentError as error:
        partial.discard(part)
        raise (TryAgainError if resumed else UnavailableError)(str(error)) from error


def _request(transfer: Transfer, url: str) -> None:
    """Bring the partial file to its full length with one request; what is received stays, however it ends."""
    file, part, settings = transfer.file, transfer.part, transfer.settings
    offset = partial.usable(file, part, url)
    if offset and offset == partial.origin_of(part).bytes:
        return
    try:
        if file.insecure_tls:  # its sha256 is known, so that nobody between here and the server can change it
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        with requests.get(
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": "tcclip", **partial.headers(part, url, offset)},
            stream=True,
            timeout=(settings.connect_timeout_seconds, settings.read_timeout_seconds),
            verify=not file.insecure_tls,
        ) as response:
            if offset and response.status_code in (206, 416):
                _go_on(transfer, url, response, offset)
            else:
                _begin(transfer, url, response)
    except NEVER as error:
        raise UnavailableError(_reason(error)) from error
    except exceptions.RequestException as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise UnavailableError("the server's TLS certificate is not valid") from error
        raise TryAgainError(_reason(error)) from error


def _begin(transfer: Transfer, url: str, response: requests.Response) -> None:
    """Receive a file from its first byte; what does not look like it replaces nothing."""
    file, headers = transfer.file, response.headers
    status = f"{response.status_code} {response.reason or ''}".strip()
    if response.status_code in TRY_AGAIN:
        wait = headers.get("Retry-After", "")
        raise TryAgainError(status, float(wait) if wait.isdigit() else 0)
    if response.status_code != 200:
        raise UnavailableError(status)
    announced = headers.get("Content-Length", "")
    total = int(announced) if announced.isdigit() else None
    says_its_end = headers.get("Transfer-Encoding", "").lower() == "chunked"
    if total is None and file.bytes is None and not is_pinned(file) and not says_its_end:
        raise UnavailableError("the server does not say how long the file is, so that a cut would not be noticed")
    chunks = _chunks(response, transfer.stop)
    first = next(chunks, b"")
    try:
        check_head(file.name, first)
        if total is not None:
            check_size(file, total)
    except WrongContentError as error:
        raise UnavailableError(str(error)) from error
    total = file.bytes if total is None else total
    partial.start(
        transfer.part, partial.BytesOrigin(url, headers.get("ETag", ""), headers.get("Last-Modified", ""), total)
    )
    _write(transfer, chain([first], chunks), 0, total)


def _go_on(transfer: Transfer, url: str, response: requests.Response, offset: int) -> None:
    """Receive what is missing, if the server still has the version that the first bytes are of."""
    place = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    begin, total = (place[1], place[2]) if place else (None, None)
    origin = partial.origin_of(transfer.part)
    if response.status_code == 416 and total == str(offset) and origin.bytes is None:
        return  # a file of unannounced length was complete already
    if begin != str(offset) or not origin.is_of(url, total, response.headers):
        partial.discard(transfer.part)
        raise TryAgainError("the file on the server changed during the download")
    whole = int(total) if total and total.isdigit() else origin.bytes
    _write(transfer, _chunks(response, transfer.stop), offset, whole)


def _write(transfer: Transfer, chunks: Iterable[bytes], size: int, total: int | None) -> None:
    """Append what comes to the partial file of `size` bytes."""
    part, reached = transfer.part, transfer.reached
    if total is not None and total - size > shutil.disk_usage(part.parent).free:
        raise partial.full_disk(part)
    reached(size, total)
    with open(part, "ab", buffering=0) as out:
        for chunk in chunks:
            partial.append(out, part, chunk)
            size += len(chunk)
            reached(size, total)
    if total is not None and size < total:
        raise TryAgainError(f"the connection was cut after {size:,} of {total:,} bytes")


def _chunks(response: requests.Response, stop: Event) -> Iterator[bytes]:
    """The bytes as they were sent: a .gz that a server calls an encoding stays a .gz."""
    response.raw.enforce_content_length = False  # `_write` counts, and says it in words
    try:
        while chunk := response.raw.read(CHUNK, decode_content=False):
            if stop.is_set():
                raise AbortedError
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TryAgainError(f"the connection was cut ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """The innermost error's words; requests and urllib3 wrap each other's."""
    inner = error.__cause__ or error.__context__ or getattr(error, "reason", None)
    return _reason(inner) if isinstance(inner, BaseException) else str(error) or type(error).__name__
