"""URLs as they are written by people, and the file names in them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

LEFT_ALONE = "/%!$&'()*+,:;=@~"  # in a path; '#' is not here: in a download it is part of a name, never a fragment
SCHEMES = ("http", "https")


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
