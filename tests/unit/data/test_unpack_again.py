"""Unpacking after an interruption, twice at once, and on a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from archive_files import (
    FIRST,
    SECOND,
    downloads,
    files_below,
    limits,
    two_archives,
    videos_in_place,
)

from tcclip.data.release import staging
from tcclip.data.release import unpack as unpack_module
from tcclip.data.release.unpack import unpack
from tcclip.errors import UserError
from tcclip.params.dataset import Release
from tcclip.plan import layout

pytestmark = pytest.mark.usefixtures("unpacking_here")


def process(tiny: Release, change: str) -> subprocess.Popen[str]:
    """A process that unpacks with the package changed by the statements `change`."""
    code = f"""
import os, shutil, signal, sys
from tcclip.params.dataset import Release
from tcclip.params.unpacking import Unpacking
from tcclip.data.release import placing, staging
from tcclip.data.release import unpack as unpack_module
from tcclip.data.release.unpack import unpack
def die_at(call, module, name):
    real, calls = getattr(module, name), []
    def counted(*arguments, **options):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(module, name, counted)
unpack_module.load_unpacking = lambda: Unpacking.model_validate({limits().model_dump()!r})
{change}
try:
    print(unpack(Release.model_validate_json(sys.argv[1])), flush=True)
except Exception as error:
    print(error)
"""
    command = [sys.executable, "-c", code, tiny.model_dump_json()]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "moment",
    [
        "die_at(6, shutil, 'copyfileobj')",  # the second archive is being read
        "die_at(4, placing, '_to_disk')",  # it was read, nothing is in place
        "die_at(6, os, 'replace')",  # some of its files are in place: three files and a record came before
        "die_at(2, unpack_module, 'write_record')",  # all are, and no record says so
        "die_at(1, unpack_module, '_write_summary')",
    ],
)
def test_what_was_killed_goes_on_and_nothing_is_lost_or_doubled(moment: str) -> None:
    tiny = two_archives()
    killed = process(tiny, moment)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert FIRST.items() <= videos_in_place().items() <= (FIRST | SECOND).items()
    assert not layout.unpacked("tiny").exists()
    (downloads() / "first.tar.gz").unlink()  # a finished archive is not read again
    unpack(tiny)
    assert videos_in_place() == FIRST | SECOND
    rows = layout.unpacked("tiny").read_text().split()
    assert rows == ["archive,files,bytes", "first.tar.gz,3,15000", "second.tar.gz,4,20000"]
    left = {path.name for path in layout.raw("tiny").iterdir()}
    assert left == {"videos", "unpacked", "unpacked.csv"}


def test_of_two_at_once_the_second_says_so_and_a_killed_one_blocks_nobody() -> None:
    tiny = two_archives()
    waits = "staging.shutil.copyfileobj = lambda *_: print('reading', flush=True) or sys.stdin.read()"
    first = process(tiny, waits)
    assert first.stdout is not None and first.stdout.readline() == "reading\n"
    with pytest.raises(UserError, match=rf"another `tcclip unpack tiny` is at work \(process {first.pid} on .*\)"):
        unpack(tiny)
    assert videos_in_place() == {}
    first.kill()
    first.communicate()
    unpack(tiny)
    assert videos_in_place() == FIRST | SECOND


def test_a_full_disk_is_one_sentence_and_the_next_call_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, real, calls = two_archives(), shutil.copyfileobj, []

    def full(*arguments: object) -> None:
        calls.append(1)
        real(*arguments)  # type: ignore[arg-type]
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(staging.shutil, "copyfileobj", full)
    with pytest.raises(
        UserError, match=r"no space left on the disk of .*free some space and run the same command again"
    ):
        unpack(tiny)
    assert videos_in_place() == FIRST and not (layout.raw("tiny") / staging.FOLDER).exists()
    unpack(tiny)
    assert videos_in_place() == FIRST | SECOND


@pytest.mark.parametrize("small", ["size=24k", "size=1m,nr_inodes=9"])
def test_a_really_full_disk_too(small: str) -> None:
    tiny, disk = two_archives(), layout.raw("tiny")
    disk.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", small, "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(UserError, match="no space left on the disk"):
            unpack(tiny)
        assert videos_in_place().items() <= FIRST.items() and not (disk / staging.FOLDER).exists()
        subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=100", str(disk)], check=True)
        unpack(tiny)
        assert videos_in_place() == FIRST | SECOND
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_too_small_a_disk_is_said_before_hours_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = two_archives()
    monkeypatch.setattr(unpack_module, "load_unpacking", lambda: limits().model_copy(update={"free_gigabytes": 10**9}))
    with pytest.raises(UserError, match=r"unpacking tiny needs about 0\.0 GB more .* and 0\.0 GB are free besides"):
        unpack(tiny)
    assert videos_in_place() == {}


def test_archives_that_are_not_kept_make_room_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    two_archives()
    sizes = [path.stat().st_size for path in downloads().iterdir()]
    free = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=max(sizes) + min(sizes) // 2))
    monkeypatch.setattr(unpack_module, "shutil", free)
    with pytest.raises(UserError, match="unpacking tiny needs about"):
        unpack(two_archives())
    unpack(two_archives(keep_archives=False))
    assert videos_in_place() == FIRST | SECOND


def test_videos_behind_a_link_to_another_disk_are_renamed_there() -> None:
    elsewhere = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    if elsewhere is None or elsewhere.stat().st_dev == Path.cwd().stat().st_dev:
        pytest.skip("there is no other disk")
    target = elsewhere / f"tcclip-test-{os.getpid()}"
    target.mkdir()
    try:
        layout.raw("tiny").mkdir(parents=True)
        (layout.raw("tiny") / "videos").symlink_to(target)
        unpack(two_archives())
        assert files_below(target) == FIRST | SECOND
    finally:
        shutil.rmtree(target)
