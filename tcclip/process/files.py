"""Files that are either complete or absent."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.process.system_faults import disk_is_full, is_too_large
from tcclip.process.unfinished import abandoned, part_of

SHORT = 16  # characters of a hash that tells things apart
OTHERS = 0o077  # permissions of all but a file's user
LITTLE = 4096  # bytes; what is free on a disk that is full


@contextlib.contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it to `path` when the block succeeds, remove it when it fails.

    A full disk and a limit of size become a UserError that names the file; what was there before stays. Whoever may
    read other new files may read this one, also where a library writes it for its user alone (safetensors).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for part in abandoned(path):
        part.unlink(missing_ok=True)
    part = part_of(path)
    try:
        yield part
        if not part.stat().st_mode & OTHERS:
            part.chmod(_usual_permissions(path))
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except Exception as error:
        if _disk_is_full(error, path.parent):
            raise UserError(
                f"no space left on the disk of {path.parent} while writing {path.name}: "
                "free some space and run the same command again (finished files are kept)"
            ) from error
        if is_too_large(error):
            raise UserError(
                f"this process may not write a file as large as {path}: raise the limit (`ulimit -f`) and run the same "
                "command again"
            ) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def _usual_permissions(path: Path) -> int:
    """Those of a new file beside `path`; to read the umask is to change it for every thread."""
    new = part_of(path)
    new.touch()
    try:
        return new.stat().st_mode
    finally:
        new.unlink()


def _disk_is_full(error: Exception, folder: Path) -> bool:
    """Whether writing failed for want of space; some libraries' errors do not say why."""
    return not isinstance(error, UserError) and (disk_is_full(error) or shutil.disk_usage(folder).free < LITTLE)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` atomically."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV, with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def write_csv(path: Path | str, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a table as CSV, atomically."""
    write_text(path, csv_text(columns, rows))


ANEW = "remove it, and the command that writes it makes it again"


def read_json(path: Path | str, cure: str = ANEW) -> Any:
    """Read a JSON file that the program has written; UserError that ends with `cure` where it was cut off."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not whole ({error}): {cure}") from error


def json_or_nothing(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no such file, or it was cut off."""
    try:
        return dict(read_json(path))
    except (OSError, UserError, ValueError, TypeError):
        return {}


def sha256(path: Path | str) -> str:
    """Hex digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_hash(content: Any) -> str:
    """Hash of plain values; mappings of the same items have the same one."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:SHORT]
