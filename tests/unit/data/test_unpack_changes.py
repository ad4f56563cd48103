"""Unpacking after archives or videos changed, and removing archives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from archive_files import (
    FIRST,
    SECOND,
    dataset,
    downloads,
    two_archives,
    videos,
    videos_in_place,
    write_archive,
    write_tar,
    write_zip,
)
from small_videos import write_video

from tcclip.data.release.parcels import finished_archives
from tcclip.data.release.unpack import unpack
from tcclip.data.videos.links import link_videos
from tcclip.errors import UserError
from tcclip.params.dataset import load_release
from tcclip.plan import layout

pytestmark = pytest.mark.usefixtures("unpacking_here")


def test_an_archive_that_was_fetched_again_with_another_size_is_unpacked_again() -> None:
    tiny = two_archives()
    unpack(tiny)
    write_tar(downloads() / "second.tar.gz", {**SECOND, "Run/b0.avi": os.urandom(6000)})
    assert unpack(tiny).endswith("1 of them unpacked now")
    assert len(videos_in_place()["Run/b0.avi"]) == 6000


def test_a_lost_or_truncated_video_comes_back_from_its_archive() -> None:
    tiny = two_archives()
    unpack(tiny)
    (layout.raw("tiny") / "videos/Jump/a1.avi").unlink()
    (layout.raw("tiny") / "videos/Run/b1.avi").write_bytes(b"short")
    unpack(tiny)
    assert videos_in_place() == FIRST | SECOND


def test_a_folder_of_the_user_s_that_is_named_no_more_is_not_unpacked_into(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "Jump").mkdir(parents=True)
    (mine / "Jump/a0.avi").write_bytes(b"smaller")
    link_videos("tiny", str(mine), layout.raw("tiny") / "videos")
    unpack(two_archives())
    assert videos_in_place() == FIRST | SECOND and not (layout.raw("tiny") / "videos").is_symlink()
    assert [path.read_bytes() for path in mine.rglob("*.avi")] == [b"smaller"]


def test_two_archives_with_one_file_agree_or_are_an_error() -> None:
    tiny = dataset(*videos("a.zip", "b.zip"))
    write_zip(downloads() / "a.zip", FIRST)
    write_zip(downloads() / "b.zip", {"Jump/a0.avi": FIRST["Jump/a0.avi"], **SECOND})
    unpack(tiny)
    assert videos_in_place() == FIRST | SECOND
    write_zip(downloads() / "b.zip", {"Jump/a0.avi": b"another", **SECOND})
    with pytest.raises(UserError, match=r"b\.zip: it and a\.zip both have a file .*a0\.avi, of different sizes"):
        unpack(tiny)
    assert videos_in_place() == FIRST | SECOND


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
    with pytest.raises(UserError, match=r"params/datasets/mini_k400\.yaml has no `sources`"):
        load_release("mini_k400")


def test_archives_whose_videos_open_are_removed_one_by_one_and_not_missed_afterwards(tmp_path: Path) -> None:
    clips = {f"Jump/{n}.mp4": write_video(tmp_path / f"{n}.mp4").read_bytes() for n in range(4)}
    write_tar(downloads() / "first.tar.gz", dict(list(clips.items())[:2]))
    write_tar(downloads() / "second.tar.gz", dict(list(clips.items())[2:]))
    tiny = dataset(*videos("first.tar.gz", "second.tar.gz"), keep_archives=False)
    unpack(tiny)
    assert list(downloads().iterdir()) == []
    assert unpack(tiny).endswith("0 of them unpacked now")
    assert finished_archives("tiny") == {"first.tar.gz", "second.tar.gz"}
    (layout.raw("tiny") / "videos/Jump/3.mp4").unlink()
    assert finished_archives("tiny") == {"first.tar.gz"}  # so that the download fetches the other one again
    with pytest.raises(UserError, match=r"second\.tar\.gz of 1 .* missing"):
        unpack(tiny)


def test_an_archive_whose_videos_do_not_open_is_kept_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    unpack(two_archives(keep_archives=False))
    assert len(list(downloads().iterdir())) == 2
    assert "first.tar.gz is kept: 3 of its 3 videos do not open, first videos/Jump/a0.avi" in capsys.readouterr().err


def test_archives_stay_unless_they_are_not_to_be_kept() -> None:
    unpack(two_archives())
    assert len(list(downloads().iterdir())) == 2


def test_lists_stay_when_archives_are_removed() -> None:
    write_zip(downloads() / "lists.zip", {"a.txt": b"1"})
    unpack(dataset({"name": "lists.zip", "into": "lists", "unpack": "archive"}, keep_archives=False))
    assert (downloads() / "lists.zip").is_file()


def test_one_call_unpacks_what_an_archive_of_any_format_holds_once() -> None:
    tiny, _ = write_archive(downloads(), "zip", FIRST)
    unpack(tiny)
    assert unpack(tiny) == "3 files of 1 archives and lists, 0 of them unpacked now"
