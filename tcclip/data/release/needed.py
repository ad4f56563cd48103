"""Which files of a release are needed: what the dataset's file asks for, and the archives that a list of URLs names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote, unquote

from pydantic import ValidationError

from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.params.release import RemoteFile, split_files

Which = Literal["release", "rephrased", "descriptors"]  # videos and lists | texts from outside (docs/texts.md)
LEFT_ALONE = "/%!$&'()*+,:;=@~"  # in a path; '#' is not here: in a download it is part of a name, never a fragment
SCHEMES = ("http", "https")


def files_of(dataset: Release, which: Which = "release") -> list[RemoteFile]:
    """The files in the order of the dataset's file; archives that a file names are not among them.

    No videos if the user has a folder of them, and of the lists those that `lists` asks for: the official ones, or the
    published ones, which the K-600 draw from official annotations needs as well.
    """
    if which != "release":
        return split_files(dataset.name, which)
    lists, videos = dataset.lists == "official", dataset.folder is None
    files = dataset.sources.files if dataset.sources else []
    release = [file for file in files if (lists if is_list(file.into) else videos)]
    needs_published = dataset.lists == "published" or dataset.zero_shot_from is not None
    return release + (split_files(dataset.name, "published") if needs_published else [])


def is_list(into: str) -> bool:
    """Whether what goes there are lists, which lie in one folder without folders of their own."""
    return PurePosixPath(into).parts[:1] == ("lists",)


def listed_archives(file: RemoteFile, path: Path) -> list[RemoteFile]:
    """The archives that the text at `path` names, one URL per line, to be kept in a folder of its name (Kinetics)."""
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


def quoted(url: str) -> str:
    """`url` with everything quoted that a request cannot carry; what is quoted already stays as it is."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    path, mark, query = path.partition("?")
    return f"{scheme}://{host}{slash}{_quoted(path)}{mark}{_quoted(query)}"


def is_url(text: str) -> bool:
    """Whether `text` is an absolute web address of a file."""
    scheme, separator, rest = text.partition("://")
    host, _, path = rest.partition("/")
    return scheme in SCHEMES and bool(separator and host and path)


def file_name(url: str) -> str:
    """The name of the file behind `url`, unquoted; empty if the URL ends with a slash."""
    path = quoted(url).partition("?")[0]
    return PurePosixPath(unquote(path.rpartition("/")[2])).name


def _quoted(text: str) -> str:
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=LEFT_ALONE)
