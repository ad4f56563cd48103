"""Where files are downloaded from and archives are unpacked in tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_files import limits
from file_server import Site, serving

from tcclip.data.release import unpack


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server of this machine alone."""
    with serving() as site:
        yield site


@pytest.fixture
def unpacking_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and limits that small archives reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unpack, "load_unpacking", limits)
