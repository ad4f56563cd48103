"""Folders that are either complete or absent."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give the path of a folder to be made, and put it in the place of `path` when the block succeeds.

    When it fails, what was there before stays, and nothing is left beside it.
    """
    new = path.with_name(f".{path.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    try:
        yield new
        shutil.rmtree(path, ignore_errors=True)
        new.rename(path)
    finally:
        shutil.rmtree(new, ignore_errors=True)
