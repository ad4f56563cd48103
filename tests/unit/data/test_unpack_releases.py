"""The five releases in their original shape end up as videos/ and lists/."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from archive_files import files_below
from rar_files import needs_bsdtar
from small_releases import HMDB_CLIP, RELEASES, download

from tcclip.data.raw import write_manifest
from tcclip.data.release import unpack as unpack_module
from tcclip.data.release.unpack import unpack
from tcclip.data.splits.lists import read_lists
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Release
from tcclip.params.release import split_files
from tcclip.params.unpacking import load_unpacking
from tcclip.plan import layout

ALL = [pytest.param(name, marks=needs_bsdtar) if name == "hmdb51" else name for name in RELEASES]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = load_unpacking().model_copy(update={"free_gigabytes": 0})
    monkeypatch.setattr(unpack_module, "load_unpacking", lambda: limits)
    monkeypatch.chdir(tmp_path)


def official(name: str) -> Release:
    """A dataset with its official lists instead of the published ones."""
    return load_dataset(name).model_copy(update={"lists": "official"})


def test_videos_without_lists_are_told_how_the_lists_come() -> None:
    videos = layout.raw("k400") / "videos"
    videos.mkdir(parents=True)
    (videos / "a.mp4").touch()
    with pytest.raises(UserError, match=r"no lists .* `tcclip download k400 && tcclip unpack k400` bring"):
        write_manifest("k400", layout.raw("k400"), layout.manifest("k400"))


@pytest.mark.parametrize("name", ALL)
def test_every_video_is_in_place_and_nothing_else(name: str, tmp_path: Path) -> None:
    videos = download(name, tmp_path)
    unpack(load_dataset(name))
    assert files_below(layout.raw(name) / "videos") == videos
    assert write_manifest(name, layout.raw(name), layout.manifest(name)) == len(videos)
    assert {path.name for path in layout.raw(name).iterdir()} == {
        "videos",
        "lists",
        "unpacked",
        "unpacked.csv",
        "manifest.csv",
    }


@pytest.mark.parametrize("name", ALL)
def test_a_second_call_leaves_everything_alone(name: str, tmp_path: Path) -> None:
    download(name, tmp_path)
    unpack(load_dataset(name))
    before = {path: path.stat().st_mtime_ns for path in (layout.raw(name) / "videos").rglob("*")}
    assert unpack(load_dataset(name)).endswith("0 of them unpacked now")
    assert before == {path: path.stat().st_mtime_ns for path in (layout.raw(name) / "videos").rglob("*")}


@pytest.mark.parametrize("name", [ALL[0], "ucf101", "ssv2", "k400"])
def test_the_official_lists_can_be_read(name: str, tmp_path: Path) -> None:
    download(name, tmp_path)
    unpack(official(name))
    _, splits = read_lists(official(name), layout.raw(name))
    assert all(rows for split, rows in splits.items() if split.startswith("train"))
    if name == "hmdb51":
        assert video_id(HMDB_CLIP, "hmdb51") in {video for video, _ in splits["train1"]}


def test_the_published_lists_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    download("ucf101", tmp_path)
    unpack(load_dataset("ucf101"))
    wanted = {Path(file.name).name for file in split_files("ucf101", "published")}
    assert set(files_below(layout.raw("ucf101") / "lists" / "published")) == wanted
    assert not (layout.raw("ucf101") / "lists" / "llm").exists()


def test_the_summary_counts_files_and_bytes_of_every_archive(tmp_path: Path) -> None:
    videos = download("k400", tmp_path)
    unpack(load_dataset("k400"))
    with open(layout.unpacked("k400"), newline="") as file:
        rows = {row["archive"]: (int(row["files"]), int(row["bytes"])) for row in csv.DictReader(file)}
    part = videos["train/-ab_cdefgh1_000001_000011.mp4"]
    assert rows["k400_train_path/part_1.tar.gz"] == (1, len(part))
    assert len(rows) == 3 + 1 + len(split_files("k400", "published"))
    assert sum(size for _, size in rows.values()) > sum(map(len, videos.values()))


def test_a_list_of_archives_is_read_as_the_download_reads_it(tmp_path: Path) -> None:
    videos = download("k400", tmp_path)
    folder = layout.downloads("k400")
    (folder / "k400_val_path/part_0.tar.gz").rename(folder / "k400_val_path/part 0.tar.gz")
    url = "https://s3.amazonaws.com/kinetics/400/val/part%200.tar.gz\r\n"
    (folder / "k400_val_path.txt").write_text("\ufeff" + 2 * url)
    unpack(load_dataset("k400"))
    assert files_below(layout.raw("k400") / "videos") == videos


def test_pieces_of_one_archive_are_one_row(tmp_path: Path) -> None:
    download("ssv2", tmp_path)
    unpack(load_dataset("ssv2"))
    first = layout.unpacked("ssv2").read_text().splitlines()[1]
    assert first.startswith("20bn-something-something-v2-00.zip + 20bn-something-something-v2-01.zip,2,")


def test_with_a_folder_of_videos_only_lists_are_unpacked(tmp_path: Path) -> None:
    download("k400", tmp_path)
    (layout.downloads("k400") / "k400_train_path.txt").unlink()  # nothing of videos was downloaded
    unpack(official("k400").model_copy(update={"folder": str(tmp_path)}))
    assert not (layout.raw("k400") / "videos").exists()
    assert (layout.raw("k400") / "lists" / "train.csv").is_file()
