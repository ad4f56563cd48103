"""Releases in many parts: a text file that names archives, one URL per line (Kinetics)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from tcclip.errors import UserError
from tcclip.fetch.urls import file_name, is_url
from tcclip.params.sources import RemoteFile


def listed(file: RemoteFile, path: Path) -> list[RemoteFile]:
    """The archives that the list at `path` names, to be kept in a folder of the list's name."""
    urls: dict[str, None] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        url = line.strip()
        if url and not is_url(url):
            raise _broken(path, f"line {number} is not a URL but {url[:80]!r}")
        if url:
            urls[url] = None
    if not urls:
        raise _broken(path, "it names no file")
    names = {url: file_name(url) for url in urls}
    name, times = Counter(names.values()).most_common(1)[0]
    if times > 1:
        raise _broken(path, f"{times} of its URLs end with the same name, {name}")
    folder = PurePosixPath(file.name).with_suffix("")
    return [_archive(file, path, url, f"{folder}/{name}") for url, name in names.items()]


def _archive(file: RemoteFile, path: Path, url: str, name: str) -> RemoteFile:
    try:
        return RemoteFile(name=name, urls=[url], into=file.into, unpack=file.unpack)
    except ValidationError as error:
        raise _broken(path, f"{url} ends with no usable file name") from error


def _broken(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path} should name archives, one URL per line, but {reason}: "
        "remove it and its line in hashes.csv beside it, and run the same command again"
    )
