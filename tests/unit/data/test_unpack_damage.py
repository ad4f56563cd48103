"""Archives that are damaged: nothing of them is in place, and the error says what to do."""

from __future__ import annotations

import gzip
import random
import tarfile
from pathlib import Path

import pytest
from archive_files import (
    ALL,
    GOOD,
    dataset,
    downloads,
    files_below,
    in_place,
    limits,
    videos,
    write_archive,
    write_tar,
    write_zip,
)
from rar_files import needs_bsdtar, write_rar

from tcclip.data.release.archive import members
from tcclip.data.release.members import damage
from tcclip.data.release.staging import Quota, stage_members
from tcclip.data.release.unpack import unpack
from tcclip.errors import UserError
from tcclip.plan import layout

pytestmark = pytest.mark.usefixtures("unpacking_here")


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("part", [0.3, 0.75])
def test_a_truncated_archive_is_named_and_the_whole_one_completes(form: str, part: float) -> None:
    tiny, path = write_archive(downloads(), form, GOOD)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(UserError, match=rf"{path.name} is damaged \(.*\): delete it.*tcclip download tiny"):
        unpack(tiny)
    assert in_place() == {}
    path.write_bytes(whole)
    unpack(tiny)
    assert files_below(layout.raw("tiny") / "videos") == GOOD


@pytest.mark.parametrize("form", ["tar.gz", "zip", "joined"])
def test_a_flipped_bit_is_noticed(form: str) -> None:
    tiny, path = write_archive(downloads(), form, GOOD)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        unpack(tiny)
    assert in_place() == {}


@pytest.mark.parametrize("form", ALL)
def test_whatever_bytes_are_wrong_the_error_says_damaged_or_refused(form: str, tmp_path: Path) -> None:
    _, path = write_archive(downloads(), form, {"Jump/ü.avi": GOOD["Jump/0.avi"], **GOOD})
    whole, rng = path.read_bytes(), random.Random(1)
    for turn in range(30 if form == "rar" else 300):
        content = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        folder = tmp_path / f"staged{turn}"
        folder.mkdir()
        archive = members(sorted(downloads().iterdir()), "joined" if form == "joined" else "archive")
        try:
            stage_members(archive, folder, Quota(limits(), len(content), folder), False, lambda _: None)
        except Exception as error:
            assert isinstance(error, UserError) or damage(error), repr(error)


def test_a_tar_that_ends_between_two_members_is_truncated() -> None:
    path = write_tar(downloads() / "a.tar", GOOD, "w")
    with tarfile.open(path) as tar:
        second = tar.getmembers()[1].offset
    path.write_bytes(path.read_bytes()[:second])
    with pytest.raises(UserError, match=r"is damaged \(its end is missing\)"):
        unpack(dataset(*videos("a.tar")))


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><title>404</title>", b"", b"moov" * 300])
def test_what_is_no_archive_is_damaged(content: bytes) -> None:
    downloads().mkdir(parents=True)
    (downloads() / "a.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.tar\.gz is damaged"):
        unpack(dataset(*videos("a.tar.gz")))


@needs_bsdtar
def test_a_damaged_archive_within_an_archive_is_named() -> None:
    inner = write_rar(downloads() / "wave.rar", GOOD).read_bytes()
    write_rar(downloads() / "a.rar", {"wave.rar": inner[: len(inner) // 2]})
    with pytest.raises(UserError, match=r"a\.rar is damaged \(wave\.rar in it: .*"):
        unpack(dataset(*videos("a.rar")))
    assert in_place() == {}


def test_endless_data_behind_the_last_member_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcclip.data.release.archive.PADDING", 3_000_000)
    path = write_tar(downloads() / "a.tar", GOOD, "w")
    (downloads() / "a.tar.gz").write_bytes(gzip.compress(path.read_bytes() + bytes(20_000_000)))
    with pytest.raises(UserError, match=r"is damaged \(it goes on after its end\)"):
        unpack(dataset(*videos("a.tar.gz")))


def test_an_encrypted_or_unknown_zip_is_damaged() -> None:
    path = write_zip(downloads() / "a.zip", GOOD)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            content[start + place] |= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged \(.*encrypted"):
        unpack(dataset(*videos("a.zip")))
