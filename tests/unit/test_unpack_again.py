"""Unpacking after an interruption, twice at once, on a full disk, and after archives or videos changed."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from archive_files import dataset, files_below, videos, write_archive, write_tar, write_zip

from tcclip import layout
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.params.unpacking import Unpacking
from tcclip.unpack import remove_archives, run, staging, unpack, unpacked_archives

FIRST = {f"Jump/a{n}.avi": bytes([n]) * 5000 for n in range(3)}
SECOND = {f"Run/b{n}.avi": bytes([9 + n]) * 5000 for n in range(4)}
LIMITS = Unpacking(bytes_per_archive_byte=1000, small_bytes=1000, members=100, free_gigabytes=0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "load_unpacking", lambda: LIMITS)


def downloads() -> Path:
    return layout.downloads("tiny")


def two_archives(**changes: object) -> Dataset:
    write_tar(downloads() / "first.tar.gz", FIRST)
    write_tar(downloads() / "second.tar.gz", SECOND)
    return dataset(*videos("first.tar.gz", "second.tar.gz"), **changes)


def in_place() -> dict[str, bytes]:
    return files_below(layout.raw("tiny") / "videos")


def process(tiny: Dataset, change: str) -> subprocess.Popen[str]:
    """A process that unpacks with the package changed by the statements `change`."""
    code = f"""
import os, shutil, signal, sys
from tcclip.params.dataset import Dataset
from tcclip.params.unpacking import Unpacking
from tcclip.unpack import one, placing, run, staging, unpack
def die_at(call, module, name):
    real, calls = getattr(module, name), []
    def counted(*arguments, **options):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(module, name, counted)
run.load_unpacking = lambda: Unpacking.model_validate({LIMITS.model_dump()!r})
{change}
try:
    print(unpack(Dataset.model_validate_json(sys.argv[1])), flush=True)
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
        "die_at(2, one, 'write_record')",  # all are, and no record says so
        "die_at(1, run, '_write_summary')",
    ],
)
def test_what_was_killed_goes_on_and_nothing_is_lost_or_doubled(moment: str) -> None:
    tiny = two_archives()
    killed = process(tiny, moment)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert FIRST.items() <= in_place().items() <= (FIRST | SECOND).items()
    assert not layout.unpacked("tiny").exists()
    (downloads() / "first.tar.gz").unlink()  # a finished archive is not read again
    unpack(tiny)
    assert in_place() == FIRST | SECOND
    rows = layout.unpacked("tiny").read_text().split()
    assert rows == ["archive,files,bytes", "first.tar.gz,3,15000", "second.tar.gz,4,20000"]
    left = {path.name for path in layout.raw("tiny").iterdir()}
    assert left == {"videos", "unpacked", "unpacked.csv", ".unpack.lock"}


def test_of_two_at_once_the_second_says_so_and_a_killed_one_blocks_nobody() -> None:
    tiny = two_archives()
    waits = "staging.shutil.copyfileobj = lambda *_: print('reading', flush=True) or sys.stdin.read()"
    first = process(tiny, waits)
    assert first.stdout is not None and first.stdout.readline() == "reading\n"
    with pytest.raises(UserError, match=rf"another `tcclip unpack tiny` is at work \(process {first.pid} on .*\)"):
        unpack(tiny)
    assert in_place() == {}
    first.kill()
    first.communicate()
    unpack(tiny)
    assert in_place() == FIRST | SECOND


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
    assert in_place() == FIRST and not (layout.raw("tiny") / staging.FOLDER).exists()
    unpack(tiny)
    assert in_place() == FIRST | SECOND


@pytest.mark.parametrize("small", ["size=24k", "size=1m,nr_inodes=9"])
def test_a_really_full_disk_too(small: str) -> None:
    tiny, disk = two_archives(), layout.raw("tiny")
    disk.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", small, "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(UserError, match="no space left on the disk"):
            unpack(tiny)
        assert in_place().items() <= FIRST.items() and not (disk / staging.FOLDER).exists()
        subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=100", str(disk)], check=True)
        unpack(tiny)
        assert in_place() == FIRST | SECOND
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_too_small_a_disk_is_said_before_hours_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = two_archives()
    monkeypatch.setattr(run, "load_unpacking", lambda: LIMITS.model_copy(update={"free_gigabytes": 10**9}))
    with pytest.raises(UserError, match=r"unpacking tiny needs about 0\.0 GB more .* and 0\.0 GB are free besides"):
        unpack(tiny)
    assert in_place() == {}


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


def test_an_archive_that_was_fetched_again_with_another_size_is_unpacked_again() -> None:
    tiny = two_archives()
    unpack(tiny)
    write_tar(downloads() / "second.tar.gz", {**SECOND, "Run/b0.avi": os.urandom(6000)})
    assert unpack(tiny).endswith("1 of them unpacked now")
    assert len(in_place()["Run/b0.avi"]) == 6000


def test_a_lost_or_truncated_video_comes_back_from_its_archive() -> None:
    tiny = two_archives()
    unpack(tiny)
    (layout.raw("tiny") / "videos/Jump/a1.avi").unlink()
    (layout.raw("tiny") / "videos/Run/b1.avi").write_bytes(b"short")
    unpack(tiny)
    assert in_place() == FIRST | SECOND


def test_two_archives_with_one_file_agree_or_are_an_error() -> None:
    tiny = dataset(*videos("a.zip", "b.zip"))
    write_zip(downloads() / "a.zip", FIRST)
    write_zip(downloads() / "b.zip", {"Jump/a0.avi": FIRST["Jump/a0.avi"], **SECOND})
    unpack(tiny)
    assert in_place() == FIRST | SECOND
    write_zip(downloads() / "b.zip", {"Jump/a0.avi": b"another", **SECOND})
    with pytest.raises(UserError, match=r"b\.zip: it and a\.zip both have a file .*a0\.avi, of different sizes"):
        unpack(tiny)
    assert in_place() == FIRST | SECOND


def test_a_file_where_a_folder_must_be_is_named() -> None:
    tiny = two_archives()
    (layout.raw("tiny") / "videos").mkdir(parents=True)
    (layout.raw("tiny") / "videos/Run").write_text("in the way")
    with pytest.raises(UserError, match=r"second\.tar\.gz: its file Run/b0\.avi stands where .*videos/Run is"):
        unpack(tiny)


def test_missing_archives_are_one_sentence() -> None:
    tiny = two_archives()
    for path in downloads().iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"first\.tar\.gz and 1 more files of 2 .* missing: .*`tcclip download tiny`"):
        unpack(tiny)
    with pytest.raises(UserError, match=r"params/datasets/tiny\.yaml has no sources"):
        unpack(tiny.model_copy(update={"sources": None}))


def test_archives_are_removed_when_all_their_videos_are_in_place_and_not_missed_afterwards() -> None:
    tiny = two_archives(keep_archives=False)
    with pytest.raises(UserError, match=r"first\.tar\.gz is not removed: it was not unpacked"):
        remove_archives(tiny)
    unpack(tiny)
    lost = layout.raw("tiny") / "videos/Run/b2.avi"
    lost.rename(lost.with_suffix(".gone"))
    with pytest.raises(UserError, match=r"second\.tar\.gz is not removed: 1 of its files \(videos/Run/b2\.avi"):
        remove_archives(tiny)
    lost.with_suffix(".gone").rename(lost)
    remove_archives(tiny)
    assert list(downloads().iterdir()) == []
    assert unpacked_archives("tiny") == {"first.tar.gz", "second.tar.gz"}
    assert unpack(tiny).endswith("0 of them unpacked now")
    lost.unlink()
    with pytest.raises(UserError, match=r"second\.tar\.gz of 1 .* missing"):
        unpack(tiny)
    assert unpacked_archives("tiny") == {"first.tar.gz"}


def test_archives_stay_unless_they_are_not_to_be_kept() -> None:
    tiny = two_archives()
    unpack(tiny)
    assert remove_archives(tiny) == "archives are kept"
    assert len(list(downloads().iterdir())) == 2


def test_lists_stay_when_archives_are_removed() -> None:
    write_zip(downloads() / "lists.zip", {"a.txt": b"1"})
    tiny = dataset({"name": "lists.zip", "into": "lists", "unpack": "archive"}, keep_archives=False)
    unpack(tiny)
    remove_archives(tiny)
    assert (downloads() / "lists.zip").is_file()


def test_one_call_unpacks_what_an_archive_of_any_format_holds_once() -> None:
    tiny, _ = write_archive(downloads(), "zip", FIRST)
    unpack(tiny)
    assert unpack(tiny) == "3 files of 1 archives and lists, 0 of them unpacked now"
