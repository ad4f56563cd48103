"""A folder of videos that the user already has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_videos import write_video
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.data.videos.links import link_videos
from tcclip.data.videos.listing import find_videos
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.stages import frames, raw


def test_the_folder_becomes_the_datasets_videos(tmp_path: Path) -> None:
    write_video(tmp_path / "mine/Jump/a.avi", frames=2)
    videos = tmp_path / "data/raw/tiny/videos"
    for _ in range(2):
        link_videos("tiny", str(tmp_path / "mine"), videos)
    assert [path.relative_to(videos).as_posix() for path in find_videos(videos)] == ["Jump/a.avi"]
    (tmp_path / "others").mkdir()
    link_videos("tiny", str(tmp_path / "others"), videos)
    assert videos.resolve() == tmp_path / "others"


def test_links_to_folders_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    write_video(tmp_path / "elsewhere/a.avi", frames=2)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "Jump").symlink_to(tmp_path / "elsewhere")
    (mine / "Run").symlink_to(tmp_path / "elsewhere")
    (mine / "again").symlink_to(mine)
    assert [path.relative_to(mine).as_posix() for path in find_videos(mine)] == ["Jump/a.avi", "Run/a.avi"]


def test_a_name_that_cannot_be_written_down_is_one_sentence(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", frames=2)
    video.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.avi"))
    with pytest.raises(UserError, match=r"caf\\udce9\.avi': the name is not UTF-8: rename the file"):
        find_videos(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"params/datasets/tiny\.yaml: folder: .*/nothing is not a folder"):
        link_videos("tiny", str(tmp_path / "nothing"), tmp_path / "videos")


def test_videos_that_are_there_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    video = write_video(tmp_path / "videos/a.avi", frames=2)
    with pytest.raises(UserError, match="holds videos already: remove one of the two"):
        link_videos("tiny", str(tmp_path / "mine"), tmp_path / "videos")
    assert video.is_file()


def test_a_named_folder_makes_the_manifest_stale_and_generated_datasets_know_nothing_of_it() -> None:
    ucf101 = load_dataset("ucf101")
    own = ucf101.model_copy(update={"folder": "/videos"})
    assert raw.settings(own) == {**raw.settings(ucf101), "folder": "/videos"}
    assert raw.inputs(ucf101) == raw.inputs(own) != []
    mini = load_dataset("mini_ucf101")
    assert raw.inputs(mini) == [] and "folder" not in raw.settings(mini)


def test_frames_are_made_again_where_the_format_names_videos_in_another_way() -> None:
    ucf101 = load_dataset("ucf101")
    assert frames.settings(ucf101) != frames.settings(ucf101.model_copy(update={"format": "kinetics"}))


def test_a_shard_that_a_dataset_has_not_is_refused() -> None:
    done = CliRunner().invoke(app, ["frames", "mini_ssv2", "99"])
    assert done.exit_code == 1 and "mini_ssv2 has the shards 0 to " in done.output
