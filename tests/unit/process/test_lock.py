"""One process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from pathlib import Path
from typing import IO

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


def test_a_lock_ends_with_its_killed_holder_although_a_fork_of_it_lives_on(tmp_path: Path) -> None:
    """As a training with processes that load clips, which see seconds later that it is gone: it is started again."""
    told, tell = os.pipe()
    if not (holder := os.fork()):
        with alone(tmp_path / "lock", "held"):
            if not (fork := os.fork()):
                time.sleep(60)
                os._exit(0)
            os.write(tell, str(fork).encode())
            time.sleep(60)
        os._exit(0)
    fork = int(os.read(told, 20))
    try:
        with pytest.raises(UserError, match=f"held by process {holder}"), alone(tmp_path / "lock", "held by {holder}"):
            pass
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
        with alone(tmp_path / "lock", "held"):
            assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")
    finally:
        os.kill(fork, signal.SIGKILL)


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


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_the_file_system_has_no_locks_it_holds_on_this_machine_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    shared, temporary, flock = tmp_path / "lustre", tmp_path / "tmp", fcntl.flock
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def of_lustre(file: IO[bytes], how: int) -> None:
        if Path(f"/proc/self/fd/{file.fileno()}").readlink().parent == shared:
            raise OSError(number, os.strerror(number))
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", of_lustre)
    with alone(shared / "lock", "held"), alone(shared / "another", "held"):
        with (
            pytest.raises(UserError, match=f"held by process {os.getpid()} on"),
            alone(shared / "lock", "held by {holder}"),
        ):
            pass
        assert capsys.readouterr().err.count(f"Warning: the file system of {shared} has no locks") == 1
    with alone(shared / "lock", "held"):
        pass
    assert [*shared.iterdir(), *temporary.iterdir()] == []


def test_another_error_of_a_lock_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_file: object, _how: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(OSError, match="Input/output"), alone(tmp_path / "lock", "held"):
        pass
