"""A broken video that is repaired, and a video that is exchanged: Snakemake notices, and it alone is scanned again."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from projects import Project, new_project
from small_videos import number_of, write_video
from typed import type_them

from tcclip.data.videos.frames import open_frames
from tcclip.errors import UserError

INDEX = "data/frames/kitchen/index.parquet"
VIDEOS = 6


@pytest.fixture(scope="module")
def scanned(tmp_path_factory) -> Callable[[str], Project]:
    """How frames are stored -> a project of six videos in two parts, one of which has been cut; made once each."""

    @functools.cache
    def make(store: str) -> Project:
        project = new_project(tmp_path_factory.mktemp(store) / "project")
        project.edit("params/suites/mini.yaml", lambda content: content.update(tables=["table2"]))
        lines = ["path,label"]
        for number in range(VIDEOS):
            write_video(project.folder / f"my_videos/{number}.mp4", frames=4 + number)
            lines.append(f"{number}.mp4,{'opening a drawer' if number % 2 else 'pouring water'}")
        (project.folder / "list.csv").write_text("\n".join(lines))
        (project.folder / "params/datasets/kitchen.yaml").write_text(
            "format: csv\nfolder: my_videos\ncsv: list.csv\nsuite: mini\n"
            f"frames: {{store: {store}, shards: 2, short_side: 32}}\n"
            "few_shot: {seed: 1, shots: [1]}\n"
        )
        video = project.folder / "my_videos/2.mp4"
        shutil.copy2(video, project.folder / "whole.mp4")
        video.write_bytes(video.read_bytes().split(b"moov")[0])
        project.snakemake(INDEX)
        return project

    return make


@pytest.fixture
def kitchen(scanned, request, tmp_path, monkeypatch) -> Project:
    """A copy of such a project, times kept; the whole video is kept outside."""
    project = Project(tmp_path / "project")
    shutil.copytree(scanned(getattr(request, "param", "shards")).folder, project.folder, symlinks=True)
    videos = project.folder / "data/raw/kitchen/videos"
    videos.unlink()
    videos.symlink_to(project.folder / "my_videos")  # of this copy
    monkeypatch.chdir(project.folder)
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    return project


def broken(project: Project) -> list[str]:
    return pd.read_csv(project.folder / "data/frames/kitchen/broken.csv")["path"].tolist()


def kept(project: Project, shard: int) -> str:
    """What the scan of a shard said first."""
    return (project.folder / f"logs/frames/kitchen-000{shard}.log").read_text().splitlines()[0]


@pytest.mark.parametrize("kitchen", ["shards", "online"], indirect=True)
def test_a_repaired_video_is_noticed_and_scanned_again_it_alone(kitchen):
    assert broken(kitchen) == ["2.mp4"]
    with pytest.raises(UserError, match=r"put a whole file in its place, and `tcclip raw kitchen && snakemake"):
        open_frames(Path("data/frames/kitchen")).read("2", [0])
    assert kitchen.jobs(INDEX) == {}
    shutil.move("whole.mp4", "my_videos/2.mp4")  # with its own, older time
    before = Path("data/raw/kitchen/manifest.csv").read_bytes()
    told = "kitchen: 2.mp4 has been exchanged since the scan; a later run scans again (this changes nothing)"
    assert told in kitchen.snakemake(INDEX, "-n")
    assert Path("data/raw/kitchen/manifest.csv").read_bytes() == before  # a dry run changes nothing
    kitchen.snakemake(INDEX)
    assert broken(kitchen) == []
    assert kept(kitchen, 0) == "3 of 3 videos are as they were when they were scanned"
    assert kept(kitchen, 1) == "2 of 3 videos are as they were when they were scanned"
    frames = open_frames(Path("data/frames/kitchen"))
    for number in range(VIDEOS):
        assert frames.frames(str(number)) == 4 + number
        assert [number_of(frame) for frame in frames.read(str(number), [0, 3])] == [0, 3]
    assert kitchen.jobs(INDEX) == {}


def test_the_advised_command_scans_an_exchanged_video_and_nothing_where_nothing_has_changed(kitchen):
    before = Path(INDEX).stat().st_mtime_ns
    with pytest.raises(UserError) as error:
        open_frames(Path("data/frames/kitchen")).read("2", [0])
    type_them(str(error.value), kitchen.folder)
    assert Path(INDEX).stat().st_mtime_ns == before  # nothing had changed
    write_video(Path("my_videos/3.mp4"), frames=12)
    write_video(Path("my_videos/7.mp4"), frames=14)
    shutil.move("whole.mp4", "my_videos/2.mp4")
    type_them(str(error.value), kitchen.folder)
    frames = open_frames(Path("data/frames/kitchen"))
    assert {video: frames.frames(video) for video in ("2", "3", "7", "0")} == {"2": 6, "3": 12, "7": 14, "0": 4}
    assert [number_of(frame) for frame in frames.read("3", [11])] == [11]
    assert kept(kitchen, 0) == "3 of 3 videos are as they were when they were scanned"
    assert kept(kitchen, 1) == "1 of 4 videos are as they were when they were scanned"


def test_another_time_of_the_same_content_is_no_change(kitchen):
    for path in Path("my_videos").iterdir():
        path.touch()
    assert kitchen.jobs(INDEX) == {}
    kitchen.run("tcclip", "raw", "kitchen")
    kitchen.run("tcclip", "frames", "kitchen", "0", "--log", "logs/frames/kitchen-0000.log")
    assert kept(kitchen, 0) == "3 of 3 videos are as they were when they were scanned"


def test_other_settings_scan_all_again(kitchen):
    kitchen.edit("params/datasets/kitchen.yaml", lambda content: content["frames"].update(decode_timeout_s=60))
    kitchen.snakemake(INDEX)
    assert "videos are as they were" not in (kitchen.folder / "logs/frames/kitchen-0000.log").read_text()
