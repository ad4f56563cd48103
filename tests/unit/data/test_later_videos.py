"""Videos that come or go after their dataset was scanned, and videos that take long."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_videos import write_video
from test_shards import FRAMES, extract, names

from tcclip.data.videos import shards
from tcclip.data.videos.decoding import decoder
from tcclip.data.videos.shards import of_shard

VIDEOS = 12


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the videos that are decoded."""
    seen: list[str] = []
    append = shards.append

    def noted(tar: shards.FrameTar, path: Path, decoding: shards.Decoder) -> shards.Decoded:
        seen.append(path.name)
        return append(tar, path, decoding)

    monkeypatch.setattr(shards, "append", noted)
    return seen


@pytest.mark.parametrize("store", ["shards", "online"])
def test_a_video_that_comes_or_goes_makes_no_other_be_decoded_again(
    tmp_path: Path, decoded: list[str], store: str
) -> None:
    frames = FRAMES.model_copy(update={"shards": 3, "store": store})
    videos = tmp_path / "videos"
    one = write_video(videos / "b00.mp4", frames=3)
    for number in range(1, VIDEOS):
        shutil.copy(one, videos / f"b{number:02d}.mp4")
    extract(videos, tmp_path, frames=frames)
    assert sorted(decoded) == names(videos)

    decoded.clear()
    shutil.copy(one, videos / "a.mp4")
    assert len(extract(videos, tmp_path, frames=frames).index) == VIDEOS + 1
    assert decoded == ["a.mp4"]

    decoded.clear()
    (videos / "b01.mp4").unlink()
    kept = extract(videos, tmp_path, frames=frames)
    assert decoded == []
    assert sorted(kept.index["path"]) == names(videos)
    assert all(kept.read(video, [0, 2]).shape[0] == 2 for video in kept.index["video"])


def test_each_video_is_in_one_shard_and_shards_are_about_as_large() -> None:
    listed = [f"abseiling/{number:05d}.mp4" for number in range(7000)]
    parts = [of_shard(listed, shard, 7) for shard in range(7)]
    assert sorted(video for part in parts for video in part) == listed
    assert all(part == sorted(part) and 900 < len(part) < 1100 for part in parts)


def test_a_long_video_is_none_that_hangs(tmp_path: Path) -> None:
    folder, count, side = tmp_path / "long", 60, 3000
    folder.mkdir()
    Image.fromarray(np.zeros((side, side, 3), dtype=np.uint8)).save(tmp_path / "one.png")
    for number in range(count):
        (folder / f"{number}.png").symlink_to(tmp_path / "one.png")
    with decoder(FRAMES.model_copy(update={"decode_timeout_s": 1, "store": "online"})) as decoding:
        found = decoding.decode(folder, lambda _: None)
    assert (found.frames, found.defect) == (count, "")
