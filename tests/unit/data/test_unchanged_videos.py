"""Which videos a shard that is made again keeps: those that are still what they were when they were scanned."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tcclip.data.videos.index import FramesOrigin, merge_index, read_rows, write_rows
from tcclip.data.videos.keeping import unchanged
from tcclip.data.videos.seen import examine
from tcclip.errors import UserError


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a video")
    os.utime(path, (1, 1))
    return path


@pytest.fixture
def row(video: Path) -> dict[str, Any]:
    return {"path": video.name, "table": -1, **examine(video)}


def kept(video: Path, row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return unchanged(video.parent, [video.name], {video.name: row}, video.with_name("none.tar"), "online")


def test_a_video_of_another_time_is_the_same_and_its_row_has_the_time_of_now(video: Path, row: dict[str, Any]) -> None:
    assert kept(video, row) == {video.name: row}
    os.utime(video, (2, 2))
    assert kept(video, row) == {video.name: {**row, "modified": 2 * 10**9}}


def test_a_video_of_other_bytes_is_another_one(video: Path, row: dict[str, Any]) -> None:
    video.write_bytes(b"A VIDEO")
    assert kept(video, row) == {}


def test_a_video_of_another_size_is_another_one_whatever_its_time(video: Path, row: dict[str, Any]) -> None:
    video.write_bytes(b"a longer video")
    os.utime(video, (1, 1))  # as `rsync -t` leaves it
    assert kept(video, row) == {}


def test_a_video_that_is_gone_or_was_never_scanned_is_not_kept(video: Path, row: dict[str, Any]) -> None:
    assert unchanged(video.parent, [video.name], {}, video, "online") == {}
    video.unlink()
    assert kept(video, row) == {}


def test_rows_that_other_settings_or_other_code_has_made_are_none(tmp_path: Path) -> None:
    shard, other = tmp_path / "shard-0000.parquet", tmp_path / "shard-0001.parquet"
    write_rows([{"path": "a.mp4"}], FramesOrigin("shards", "plain", tmp_path), shard, "one")
    assert list(read_rows(shard, "shards", "one")) == ["a.mp4"]
    assert read_rows(shard, "shards", "two") == read_rows(shard, "online", "one") == {}
    write_rows([{"path": "b.mp4"}], FramesOrigin("shards", "smooth", tmp_path), other, "one")
    with pytest.raises(UserError, match=r"shard-0001\.parquet was made with other settings"):
        merge_index([shard, other], tmp_path / "index.parquet", tmp_path / "broken.csv")
