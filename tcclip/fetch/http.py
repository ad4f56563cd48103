"""One request for a file, which goes on where its partial file ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import requests
import urllib3

from tcclip.fetch import partial
from tcclip.fetch.outcomes import RefusedError, StoppedError, TryAgainError
from tcclip.fetch.partial import Origin
from tcclip.fetch.verify import WrongContentError, check_head, check_size, is_pinned
from tcclip.params.downloads import Downloads
from tcclip.params.sources import RemoteFile

CHUNK = 1 << 18  # bytes; at most so many are lost when a process is killed
TRY_AGAIN = (408, 425, 429, *range(500, 600))  # states of a server that pass
NEVER = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.TooManyRedirects,
)

Watch = Callable[[int, int | None], None]  # bytes that are there, bytes of the complete file


def receive(file: RemoteFile, url: str, part: Path, settings: Downloads, watch: Watch, stop: Event) -> None:
    """Bring `part` to its full length with one request.

    Raises TryAgainError when the line or the server failed (what was received stays), RefusedError when this URL has
    not the file, UserError when the disk is full, StoppedError when `stop` is set.
    """
    offset = partial.usable(file, part, url)
    origin = partial.origin_of(part)
    if offset and offset == origin.bytes:
        return
    headers = {"Accept-Encoding": "identity", "User-Agent": "tcclip"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if origin.url == url and origin.version:
            headers["If-Range"] = origin.version
    try:
        if file.insecure_tls:  # its sha256 is known, so that nobody between here and the server can change it
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        response = requests.get(
            url,
            headers=headers,
            stream=True,
            timeout=(settings.connect_timeout_seconds, settings.read_timeout_seconds),
            verify=not file.insecure_tls,
        )
        with response:
            if offset and response.status_code in (206, 416):
                _go_on(response, url, part, offset, watch, stop)
            else:
                _begin(response, file, url, part, watch, stop)
    except NEVER as error:
        raise RefusedError(_reason(error)) from error
    except requests.RequestException as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise RefusedError("the server's TLS certificate is not valid") from error
        raise TryAgainError(_reason(error)) from error


def _begin(response: requests.Response, file: RemoteFile, url: str, part: Path, watch: Watch, stop: Event) -> None:
    """Receive a file from its first byte; what does not look like it replaces nothing."""
    _check_status(response)
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isdigit() else None
    if total is None and file.bytes is None and not is_pinned(file) and not _is_chunked(response):
        raise RefusedError("the server does not say how long the file is, so that a cut would not be noticed")
    chunks = _chunks(response, stop)
    first = next(chunks, b"")
    try:
        check_head(file.name, first)
        if total is not None:
            check_size(file, total)
    except WrongContentError as error:
        raise RefusedError(str(error)) from error
    etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    total = file.bytes if total is None else total
    partial.start(part, Origin(url=url, etag=etag, modified=modified, bytes=total))
    _write(first, chunks, part, 0, total, watch)


def _go_on(response: requests.Response, url: str, part: Path, offset: int, watch: Watch, stop: Event) -> None:
    """Receive what is missing, if the server still has the version that the first bytes are of."""
    origin = partial.origin_of(part)
    place = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    begin, total = (place[1], place[2]) if place else (None, None)
    if response.status_code == 416 and total == str(offset) and origin.bytes is None:
        return  # a file of unannounced length was complete already
    another = begin != str(offset) or (origin.bytes is not None and total not in ("*", str(origin.bytes)))
    if origin.url == url:
        another |= _differ(origin.etag, response.headers.get("ETag"))
        another |= _differ(origin.modified, response.headers.get("Last-Modified"))
    if another:
        partial.discard(part)
        raise TryAgainError("the file on the server changed during the download")
    whole = int(total) if total and total.isdigit() else origin.bytes
    chunks = _chunks(response, stop)
    _write(next(chunks, b""), chunks, part, offset, whole, watch)


def _write(first: bytes, rest: Iterator[bytes], part: Path, size: int, total: int | None, watch: Watch) -> None:
    """Append what comes to the partial file of `size` bytes."""
    if total is not None and total - size > shutil.disk_usage(part.parent).free:
        raise partial.full_disk(part)
    watch(size, total)
    with open(part, "ab", buffering=0) as out:
        chunk = first
        while chunk:
            partial.append(out, part, chunk)
            size += len(chunk)
            watch(size, total)
            chunk = next(rest, b"")
    if total is not None and size < total:
        raise TryAgainError(f"the connection was cut after {size:,} of {total:,} bytes")


def _chunks(response: requests.Response, stop: Event) -> Iterator[bytes]:
    """The bytes as they were sent: a .gz that a server calls an encoding stays a .gz."""
    response.raw.enforce_content_length = False  # `_write` counts, and says it in words
    try:
        while chunk := response.raw.read(CHUNK, decode_content=False):
            if stop.is_set():
                raise StoppedError
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TryAgainError(f"the connection was cut ({_reason(error)})") from error


def _check_status(response: requests.Response) -> None:
    status = f"{response.status_code} {response.reason or ''}".strip()
    if response.status_code in TRY_AGAIN:
        wait = response.headers.get("Retry-After", "")
        raise TryAgainError(status, float(wait) if wait.isdigit() else 0)
    if response.status_code != 200:
        raise RefusedError(status)


def _is_chunked(response: requests.Response) -> bool:
    """A chunked answer says where it ends."""
    return response.headers.get("Transfer-Encoding", "").lower() == "chunked"


def _differ(before: str, now: str | None) -> bool:
    return bool(before and now and before != now)


def _reason(error: BaseException) -> str:
    """The innermost error's words; requests and urllib3 wrap each other's."""
    while inner := (error.__cause__ or error.__context__ or getattr(error, "reason", None)):
        if not isinstance(inner, BaseException):
            break
        error = inner
    return str(error) or type(error).__name__
