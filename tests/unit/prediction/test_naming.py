"""Which videos files, folders, lists and ids are, and by which identity their views are drawn."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from small_videos import write_video

from tcclip.data.videos.scanned import Scanner
from tcclip.errors import UserError
from tcclip.params.dataset import Frames
from tcclip.prediction.naming import files_of, named_videos
from tcclip.prediction.source import VideoReading

FRAMES = Frames(short_side=32, jpeg_quality=90, shards=1, decode_timeout_s=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named")
    for place in ("all/one.mp4", "all/deep/one.avi", "all/two.webm"):
        write_video(folder / place, frames=2)
    (folder / "all" / "notes.md").write_text("words")
    (folder / "pictures").mkdir()
    for number in range(3):
        (folder / "pictures" / f"{number}.jpg").write_bytes(b"")
    (folder / "plain.txt").write_text("all/one.mp4\n\n  id 7 \n")
    (folder / "split.csv").write_text("label,video\n3,id 7\n4,id 8\n")
    (folder / "paths.tsv").write_text("all/one.mp4\t5\nall/two.webm\t6\n")
    return folder


def shown(folder: Path, *arguments: str, ids: tuple[str, ...] = ()) -> list[str]:
    found = named_videos(
        [folder / argument if (folder / argument).exists() else argument for argument in arguments], ids
    )
    return [video.shown.removeprefix(f"{folder}/") for video in found]


def test_a_folder_is_the_videos_below_it_or_a_folder_of_pictures(folder: Path) -> None:
    assert shown(folder, "all") == ["all/deep/one.avi", "all/one.mp4", "all/two.webm"]
    assert shown(folder, "pictures", "all/one.mp4") == ["pictures", "all/one.mp4"]


def test_a_list_has_paths_beside_it_or_ids_and_a_csv_a_column_of_them(folder: Path) -> None:
    assert shown(folder, "paths.tsv") == ["all/one.mp4", "all/two.webm"]
    (folder / "SAVED.TXT").write_text("all/two.webm\n")
    assert shown(folder, "SAVED.TXT") == ["all/two.webm"]
    assert shown(folder, "split.csv", ids=("id 7", "id 8")) == ["id 7", "id 8"]
    with pytest.raises(UserError, match=r"'id 7' is a video of the dataset and .* a file"):
        shown(folder, "plain.txt", ids=("id 7",))


@pytest.mark.parametrize("head", ["Video,Label", "number, path ,label", ",VIDEO"])
def test_the_head_of_a_csv_is_read_however_it_was_saved(folder: Path, head: str) -> None:
    place = [cell.strip().lower() in ("video", "path") for cell in head.split(",")].index(True)
    (folder / "saved.csv").write_text(f'{head}\n{"7, " * place}"all/one, two.mp4",5\n\n7\n')
    assert shown(folder, "saved.csv") == ["all/one, two.mp4", *(["7"] if place == 0 else [])]


def test_names_that_no_file_can_have_are_named_by_the_scan(folder: Path) -> None:
    long, odd = "a" * 300 + ".mp4", os.fsdecode(b"caf\xe9.mp4")
    (folder / "long.txt").write_text(f"{long}\n")
    write_video(folder / "odd" / "v.mp4", frames=2).rename(folder / "odd" / odd)
    named = named_videos([long, folder / "long.txt", folder / "odd"])
    assert [video.shown.removeprefix(f"{folder}/") for video in named] == [long, long, "odd/caf?.mp4"]
    with Scanner(FRAMES).scanning(files_of(named, VideoReading(FRAMES, "ucf101"))) as scans:
        assert [scan.result().defect for scan in scans] == [
            *["cannot be looked for: File name too long"] * 2,
            "the name is not UTF-8: rename the file",
        ]


def test_what_is_not_there_is_a_video_that_the_scan_will_name(folder: Path) -> None:
    (missing,) = named_videos(["nowhere.mp4"])
    assert missing.path == Path("nowhere.mp4")


def test_links_to_nothing_and_pipes_are_told_at_once_as_videos_that_cannot_be_read(tmp_path: Path) -> None:
    here = tmp_path / "here"
    write_video(here / "a.mp4", frames=2)
    for link, target in (
        ("b.mp4", "gone.mp4"),
        ("disk", "/away/videos"),
        ("notes.md", "gone.md"),
        (".#c.mp4", "user@"),
    ):
        (here / link).symlink_to(target)
    (here / "deep").mkdir()
    for pipe in ("deep/d.mp4", "log", "e.txt"):
        os.mkfifo(here / pipe)
    (tmp_path / "list.txt").write_text("here/b.mp4\nhere/deep/d.mp4\n")
    named = named_videos([here, tmp_path / "list.txt", here / "log"])
    defects = {
        "a.mp4": "",
        "b.mp4": "it is a link to gone.mp4, which is not there",
        "deep/d.mp4": "it is no regular file (a pipe, a socket or a device)",
        "disk": "it is a link to /away/videos, which is not there",
        "log": "it is no regular file (a pipe, a socket or a device)",
    }
    assert [video.path.relative_to(here).as_posix() for video in named if video.path] == [
        *["a.mp4", "b.mp4", "deep/d.mp4", "disk"],
        *["b.mp4", "deep/d.mp4", "log"],
    ]
    began = time.monotonic()
    with Scanner(FRAMES).scanning(files_of(named, VideoReading(FRAMES, "ucf101"))) as scans:
        for video, scan in zip(named, scans, strict=True):
            assert video.path and scan.result().defect == defects[video.path.relative_to(here).as_posix()]
    assert time.monotonic() - began < FRAMES.decode_timeout_s


def test_a_folder_of_pictures_is_one_video_also_beside_a_link_to_nothing(folder: Path) -> None:
    (folder / "pictures" / "film").symlink_to("gone")
    assert shown(folder, "pictures") == ["pictures", "pictures/film"]
    (folder / "pictures" / "film").unlink()


def test_no_video_at_all_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no video is named"):
        named_videos([])
    (tmp_path / "song.mp3").write_bytes(b"")
    with pytest.raises(UserError, match=r"no video under .*, where there is \.mp3"):
        named_videos([tmp_path])
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(UserError, match=r"empty\.txt names no video"):
        named_videos([tmp_path / "empty.txt"])


def test_a_list_that_is_no_utf_8_is_one_sentence_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "videos.txt").write_bytes("caf\u00e9.mp4\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"videos\.txt is not UTF-8 text .* `iconv -f CP1252"):
        named_videos([tmp_path / "videos.txt"])
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04\0\0")
    with pytest.raises(UserError, match=r"book\.csv is no text but a workbook or another program's file"):
        named_videos([tmp_path / "book.csv"])


@pytest.mark.parametrize(
    ("fmt", "below", "names"),
    [
        ("ucf101", False, ["one", "{folder}/all/one.mp4", "two"]),
        ("csv", False, ["deep/one", "one", "two"]),
        ("csv", True, ["all/deep/one", "all/one", "all/two"]),
    ],
)
def test_a_files_identity_is_its_datasets_and_one_for_each(
    folder: Path, fmt: str, below: bool, names: list[str]
) -> None:
    reading = VideoReading(FRAMES, fmt, folder if below else None)
    found = [file.video for file in files_of(named_videos([folder / "all"]), reading)]
    assert found == [name.format(folder=folder) for name in names]
    twice = files_of(named_videos([folder / "all" / "one.mp4"] * 3), reading)
    assert len({file.video for file in twice}) == 3
