"""Archives that are damaged, hostile or odd: nothing of them is in place, or all of it is."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from archive_files import FORMATS, dataset, files_below, videos, write_archive, write_tar, write_zip
from rar_files import needs_bsdtar, write_rar

from tcclip import layout
from tcclip.errors import UserError
from tcclip.params.unpacking import Unpacking
from tcclip.unpack import rar, run, unpack
from tcclip.unpack.archive import read
from tcclip.unpack.members import damage
from tcclip.unpack.safety import Quota
from tcclip.unpack.staging import stage

ALL = [pytest.param(form, marks=needs_bsdtar) if form == "rar" else form for form in FORMATS]
GOOD = {f"Jump/{n}.avi": bytes(range(256)) * 30 for n in range(3)}
ODD = (
    "Ich_&_du!_#1_(a)+;@[b]~_brush_hair.avi",
    "two words 'single' \"double\".avi",
    "new\nline\r\n.avi",
    "-rf.avi",
    "@list.avi",
    "ünïcødé 手.avi",
    "$(touch x) `y` | & % * ? {a}.avi",
    "a=b:c,d.avi",
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    limit(monkeypatch)


def limit(monkeypatch: pytest.MonkeyPatch, small: int = 1_000_000, ratio: float = 1, members: int = 100) -> None:
    limits = Unpacking(bytes_per_archive_byte=ratio, small_bytes=small, members=members, free_gigabytes=0)
    monkeypatch.setattr(run, "load_unpacking", lambda: limits)


def downloads() -> Path:
    return layout.downloads("tiny")


def in_place() -> dict[str, bytes]:
    """Everything below data/raw/tiny but the lock."""
    return {name: content for name, content in files_below(layout.raw("tiny")).items() if name != ".unpack.lock"}


@pytest.mark.parametrize("form", ALL)
def test_every_name_comes_out_as_it_is(form: str) -> None:
    odd = {f"{name} class/{name}": name.encode() for name in ODD}
    tiny, _ = write_archive(downloads(), form, odd)
    unpack(tiny)
    assert files_below(layout.raw("tiny") / "videos") == odd
    assert unpack(tiny).endswith("0 of them unpacked now")


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
    limits = Unpacking(bytes_per_archive_byte=1, small_bytes=1_000_000, members=100, free_gigabytes=0)
    for turn in range(30 if form == "rar" else 300):
        content = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        folder = tmp_path / f"staged{turn}"
        folder.mkdir()
        archive = read(sorted(downloads().iterdir()), "joined" if form == "joined" else "archive")
        try:
            stage(archive, folder, Quota(limits, len(content), folder), False, lambda _: None)
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


def test_archives_within_archives_within_archives_are_refused() -> None:
    innermost = write_zip(downloads() / "x.zip", GOOD).read_bytes()
    inner = write_zip(downloads() / "x.zip", {"b.zip": innermost}).read_bytes()
    write_zip(downloads() / "a.zip", {"c.zip": inner})
    with pytest.raises(UserError, match=r"a\.zip: b\.zip is an archive in an archive in an archive"):
        unpack(dataset(*videos("a.zip")))


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("name", ["../escaped.avi", "a/../../escaped.avi", "/tmp/escaped-from-tcclip.avi"])
def test_a_member_that_escapes_the_folder_is_refused(form: str, name: str, tmp_path: Path) -> None:
    tiny, _ = write_archive(downloads(), form, {**GOOD, name: b"evil"})
    with pytest.raises(UserError, match="leads out of the folder"):
        unpack(tiny)
    assert in_place() == {}
    assert not list(tmp_path.rglob("*escaped*")) and not Path("/tmp/escaped-from-tcclip.avi").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind: bytes) -> None:
    downloads().mkdir(parents=True)
    with tarfile.open(downloads() / "a.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("out")
        info.type, info.linkname = kind, "/etc"
        tar.addfile(info)
        inside = tarfile.TarInfo("out/passwd")
        inside.size = 1
        tar.addfile(inside, io.BytesIO(b"x"))
    with pytest.raises(UserError, match="'out' is a link or a device"):
        unpack(dataset(*videos("a.tar.gz")))
    assert in_place() == {}


def test_a_link_in_a_zip_is_refused() -> None:
    downloads().mkdir(parents=True)
    with zipfile.ZipFile(downloads() / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("out")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc")
    with pytest.raises(UserError, match="'out' is a link or a device"):
        unpack(dataset(*videos("a.zip")))


@needs_bsdtar
def test_a_link_in_a_rar_is_refused() -> None:
    write_rar(downloads() / "a.rar", {"out": b"/etc", **GOOD}, links={"out"})
    with pytest.raises(UserError, match="'out' is a link or a device"):
        unpack(dataset(*videos("a.rar")))


@pytest.mark.parametrize("form", ["tar.gz", "zip", "joined"])
def test_a_bomb_is_stopped_before_it_is_written(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, small=100_000, ratio=20)
    tiny, _ = write_archive(downloads(), form, {"bomb.avi": bytes(5_000_000)})
    with pytest.raises(UserError, match=r"unpacks to more than \d+; the limits are in params/unpacking\.yaml"):
        unpack(tiny)
    assert in_place() == {}


def test_a_bomb_within_an_archive_counts_for_the_archive_that_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, small=100_000, ratio=20)
    bomb = write_zip(downloads() / "x.zip", {"bomb.avi": bytes(5_000_000)}).read_bytes()
    write_zip(downloads() / "a.zip", {"b.zip": bomb})
    with pytest.raises(UserError, match="unpacks to more than"):
        unpack(dataset(*videos("a.zip")))


def test_endless_data_behind_the_last_member_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcclip.unpack.tar.PADDING", 3_000_000)
    path = write_tar(downloads() / "a.tar", GOOD, "w")
    (downloads() / "a.tar.gz").write_bytes(gzip.compress(path.read_bytes() + bytes(20_000_000)))
    with pytest.raises(UserError, match=r"is damaged \(it goes on after its end\)"):
        unpack(dataset(*videos("a.tar.gz")))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, members=2)
    tiny, _ = write_archive(downloads(), "zip", GOOD)
    with pytest.raises(UserError, match="has more than 2 members"):
        unpack(tiny)
    assert in_place() == {}


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


def test_macos_droppings_are_left_out() -> None:
    write_zip(downloads() / "a.zip", {**GOOD, "__MACOSX/Jump/._0.avi": b"m", "Jump/._0.avi": b"m", ".DS_Store": b"m"})
    unpack(dataset(*videos("a.zip")))
    assert files_below(layout.raw("tiny") / "videos") == GOOD


def test_lists_lose_their_folders_and_two_of_one_name_are_an_error() -> None:
    lists = dataset({"name": "a.zip", "into": "lists", "unpack": "archive"})
    write_zip(downloads() / "a.zip", {"deep/er/a.txt": b"1", "b.txt": b"2"})
    unpack(lists)
    assert files_below(layout.raw("tiny") / "lists") == {"a.txt": b"1", "b.txt": b"2"}
    write_zip(downloads() / "a.zip", {"x/a.txt": b"1", "y/a.txt": b"22222222"})
    with pytest.raises(UserError, match=r"two lists that are called a\.txt"):
        unpack(lists)


@needs_bsdtar
def test_without_the_tool_for_rar_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, _ = write_archive(downloads(), "rar", GOOD)
    monkeypatch.setattr(rar, "TOOL", "no-such-bsdtar")
    with pytest.raises(UserError, match=r"libarchive-tools .*conda-forge libarchive"):
        unpack(tiny)
