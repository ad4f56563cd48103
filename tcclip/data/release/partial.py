"""A file that is not complete yet: `<name>.part`, and beside it where its bytes are from (`<name>.part.json`)."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from tcclip.data.release.verify import is_pinned
from tcclip.errors import UserError
from tcclip.params.release import RemoteFile
from tcclip.process.files import write_json
from tcclip.process.system_faults import FULL

DISK_IS_FULL = (*FULL, errno.EFBIG)


@dataclass(frozen=True)
class BytesOrigin:
    """Where a partial file's bytes are from; `etag` and `modified` name the server's version of the file."""

    url: str = ""
    etag: str = ""
    modified: str = ""
    bytes: int | None = None  # of the complete file

    @property
    def version(self) -> str:
        """What If-Range takes; empty if the server named no version. A weak ETag does not promise the same bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def is_of(self, url: str, total: str | None, answer: Mapping[str, str]) -> bool:
        """Whether an answer from `url` with these headers, for a file of `total` bytes, is of the same version."""
        if self.bytes is not None and total not in ("*", str(self.bytes)):
            return False
        now = answer.get("ETag"), answer.get("Last-Modified")
        pairs = zip((self.etag, self.modified), now, strict=True)
        return self.url != url or not any(before and after and before != after for before, after in pairs)


def part_of(path: Path) -> Path:
    """The partial file of `path`."""
    return path.with_name(f"{path.name}.part")


def size_of(part: Path) -> int:
    """Bytes that are there."""
    return part.stat().st_size if part.is_file() else 0


def origin_of(part: Path) -> BytesOrigin:
    """Where a partial file is from; an empty origin if that is not known."""
    try:
        return BytesOrigin(**json.loads(_origin_path(part).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return BytesOrigin()


def usable(file: RemoteFile, part: Path, url: str) -> int:
    """How many bytes of a partial file the next request to `url` may build on.

    None if they might be mixed with those of another version: the origin must be the same and its version known,
    unless the file's hash is known and will notice.
    """
    size, origin = size_of(part), origin_of(part)
    if origin.bytes is not None and size > origin.bytes:
        return 0
    same = origin.url == url and (origin.version != "" or size == origin.bytes)
    return size if same or is_pinned(file) else 0


def headers(part: Path, url: str, offset: int) -> dict[str, str]:
    """What a request to `url` says to get the bytes from `offset` on, of the same version if one is known."""
    if not offset:
        return {}
    origin = origin_of(part)
    condition = {"If-Range": origin.version} if origin.url == url and origin.version else {}
    return {"Range": f"bytes={offset}-", **condition}


def start(part: Path, origin: BytesOrigin) -> None:
    """Begin a partial file anew."""
    with full_disk_named(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"")
    write_json(_origin_path(part), asdict(origin))


def append(out: BinaryIO, part: Path, chunk: bytes) -> None:
    """Add bytes; `out` is unbuffered, so that what was received is in the file even if this process is killed."""
    view = memoryview(chunk)
    with full_disk_named(part):
        while view:
            view = view[out.write(view) :]


def discard(part: Path) -> None:
    """Forget a partial file."""
    part.unlink(missing_ok=True)
    _origin_path(part).unlink(missing_ok=True)


def complete(part: Path, path: Path) -> None:
    """The partial file becomes the file, in one step."""
    with full_disk_named(part), open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
    discard(part)


@contextlib.contextmanager
def full_disk_named(part: Path) -> Iterator[None]:
    """Turn a full disk into one sentence; the partial file stays and is gone on with."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_IS_FULL:
            raise full_disk(part) from error
        raise


def full_disk(part: Path) -> UserError:
    """The error for a disk that has no room for a file."""
    return UserError(
        f"no space left on the disk of {part.parent} for {part.name.removesuffix('.part')}: "
        "free some space and run the same command again (it goes on where it stopped)"
    )


def _origin_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
