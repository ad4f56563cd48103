"""Folders that are either complete or absent."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tcclip.process.unfinished import abandoned, part_of


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give the path of a folder to be made, and put it in the place of `path` when the block succeeds.

    When it fails, what was there before stays, and nothing is left beside it.
    """
    for part in abandoned(path):
        shutil.rmtree(part, ignore_errors=True)
    new = part_of(path)
    try:
        yield new
        shutil.rmtree(path, ignore_errors=True)
        new.rename(path)
    finally:
        shutil.rmtree(new, ignore_errors=True)
