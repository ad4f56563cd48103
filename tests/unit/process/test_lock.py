"""One process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.process.lock import alone


def test_who_is_refused_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "lock", "held"),
        pytest.raises(UserError, match=f"it is held by process {os.getpid()} on .*, so wait"),
        alone(tmp_path / "lock", "it is held by {holder}, so wait"),
    ):
        pass


def test_what_a_killed_process_left_holds_nothing_and_nothing_is_left_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("process 1 on elsewhere\n")
    with alone(tmp_path / "lock", "held"):
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_its_holder_removes_in_that_moment_is_taken_anew_and_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, flock = tmp_path / "lock", fcntl.flock

    def as_the_other_ends(file: object, how: int) -> None:
        monkeypatch.undo()
        lock.unlink()
        flock(file, how)  # type: ignore[arg-type]  # of a file that nobody else will find

    monkeypatch.setattr(fcntl, "flock", as_the_other_ends)
    with alone(lock, "held"), pytest.raises(UserError, match="held by the first"), alone(lock, "held by the first"):
        pass
