"""Archives that are hostile or odd: nothing of them is in place, or all of it under its own name."""

from __future__ import annotations

import io
import tarfile
import zipfile
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
    write_zip,
)
from rar_files import needs_bsdtar, write_rar

from tcclip.data.release import archive
from tcclip.data.release import unpack as unpack_module
from tcclip.data.release.unpack import unpack
from tcclip.errors import UserError
from tcclip.plan import layout

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


pytestmark = pytest.mark.usefixtures("unpacking_here")


@pytest.mark.parametrize("form", ALL)
def test_every_name_comes_out_as_it_is(form: str) -> None:
    odd = {f"{name} class/{name}": name.encode() for name in ODD}
    tiny, _ = write_archive(downloads(), form, odd)
    unpack(tiny)
    assert files_below(layout.raw("tiny") / "videos") == odd
    assert unpack(tiny).endswith("0 of them unpacked now")


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
    monkeypatch.setattr(unpack_module, "load_unpacking", lambda: limits(small=100_000, ratio=20))
    tiny, _ = write_archive(downloads(), form, {"bomb.avi": bytes(5_000_000)})
    with pytest.raises(UserError, match=r"unpacks to more than \d+; the limits are in params/unpacking\.yaml"):
        unpack(tiny)
    assert in_place() == {}


def test_a_bomb_within_an_archive_counts_for_the_archive_that_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "load_unpacking", lambda: limits(small=100_000, ratio=20))
    bomb = write_zip(downloads() / "x.zip", {"bomb.avi": bytes(5_000_000)}).read_bytes()
    write_zip(downloads() / "a.zip", {"b.zip": bomb})
    with pytest.raises(UserError, match="unpacks to more than"):
        unpack(dataset(*videos("a.zip")))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "load_unpacking", lambda: limits(members=2))
    tiny, _ = write_archive(downloads(), "zip", GOOD)
    with pytest.raises(UserError, match="has more than 2 members"):
        unpack(tiny)
    assert in_place() == {}


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
    monkeypatch.setattr(archive, "RAR_TOOL", "no-such-bsdtar")
    with pytest.raises(UserError, match=r"libarchive-tools .*conda-forge libarchive"):
        unpack(tiny)
