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
    folder = PurePosixPath(file.name).with_suffix("")
    names = {url: str(folder / file_name(url)) for url in urls}
    name, times = Counter(names.values()).most_common(1)[0]
    if times > 1:
        raise _broken(path, f"{times} of its URLs end with the same name, {PurePosixPath(name).name}")
    try:
        return [RemoteFile(name=names[url], urls=[url], into=file.into, unpack=file.unpack) for url in urls]
    except ValidationError as error:
        raise _broken(path, f"a URL has no usable file name ({error.errors()[0]['input']!r})") from error


def _broken(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path} should name archives, one URL per line, but {reason}: "
        "remove it and its line in hashes.csv beside it, and run the same command again"
    )
