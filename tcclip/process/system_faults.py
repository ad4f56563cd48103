"""What the system refused, as a sentence: files that this user may not read or write, a full disk, a limit."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

# Rust's libraries and pyarrow hide the system's number in the text of an error of their own.
HIDDEN = re.compile(r"\((?:os )?error (\d+)\)|\[errno (\d+)\]", re.IGNORECASE)
NAMED = re.compile(r"No such file or directory: (.+)$")  # by safetensors, which has no other place for it
READ_ONLY_DATABASE = "attempt to write a readonly database"  # sqlite's own words
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
FULL = (errno.ENOSPC, errno.EDQUOT)


def sentence_of(error: BaseException) -> str | None:
    """What the system refused when `error` arose, and what repairs it; None where it refused nothing."""
    for cause in _causes(error):
        number, path = _number(cause), _path(cause)
        if READ_ONLY_DATABASE in str(cause):
            return "MLflow's database may not be written by this user: change its permissions, or use another store"
        if number in REFUSED:
            what = f"{path} may not be read or written" if path else "a file may not be read or written"
            return f"{what} by this user ({os.strerror(number)}): change its permissions, or take another place"
        if number in FULL:
            where = f" where {path} is written" if path else ""
            return f"no space left on the disk{where}: free some and run the same command again"
        if number == errno.EFBIG:
            return f"this process may not write a file as large as {path or 'this'}: raise the limit (`ulimit -f`)"
    return None


def disk_is_full(error: BaseException) -> bool:
    """Whether `error` arose for want of space."""
    return any(_number(cause) in FULL for cause in _causes(error))


def is_too_large(error: BaseException) -> bool:
    """Whether `error` arose where a file would have become larger than this process may write one."""
    return any(_number(cause) == errno.EFBIG for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, nearest first; not what was being handled, which need not have to do."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _number(error: BaseException) -> int:
    if isinstance(error, FileNotFoundError) and _path(error) and Path(_path(error)).exists():
        return errno.EACCES  # safetensors calls each file missing that it cannot open
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if found := HIDDEN.search(str(error)):
        return int(found[1] or found[2])
    return errno.ENOSPC if os.strerror(errno.ENOSPC) in str(error) else 0  # torch has the words alone


def _path(error: BaseException) -> str:
    """The file that an error names; the folder of one that was to be made under another name first."""
    name = getattr(error, "filename", None)
    if not isinstance(name, str | bytes | os.PathLike):
        found = NAMED.search(str(error))
        return found[1] if found else ""
    path = Path(os.fsdecode(name))
    return str(path.parent if path.suffix == ".part" else path)
