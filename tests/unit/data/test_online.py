"""Frames decoded from the videos when they are needed, against the same frames from shards."""

from __future__ import annotations

import pickle
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from small_videos import number_of, write_video
from test_shards import FRAMES, extract
from test_video import CLIPS

from tcclip.data.clips.training import TrainingClips
from tcclip.data.videos.frames import FrameSource, FrameStore
from tcclip.data.videos.online import OnlineFrames
from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.params.dataset import Frames

ONLINE = FRAMES.model_copy(update={"store": "online"})


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[FrameSource, FrameSource]:
    """The same videos from shards and online: one to reduce, one as small as stored, a truncated one, one broken."""
    folder = tmp_path_factory.mktemp("both")
    write_video(folder / "videos" / "wide.mp4", frames=20, height=90, width=160)
    write_video(folder / "videos" / "tiny.webm", frames=8, height=24, width=30)
    whole = write_video(folder / "videos" / "cut.avi", frames=40, height=192, width=256).read_bytes()
    (folder / "videos" / "cut.avi").write_bytes(whole[: len(whole) * 3 // 4])
    (folder / "videos" / "page.mp4").write_bytes(b"<html>")
    return extract(folder / "videos", folder / "shards"), extract(folder / "videos", folder / "on", frames=ONLINE)


def test_the_index_says_where_the_frames_are(sources: tuple[FrameSource, FrameSource]) -> None:
    shards, online = sources
    assert isinstance(shards, FrameStore) and isinstance(online, OnlineFrames)
    assert list(online.folder.glob("*.tar")) == []
    assert online.index["frames"].to_dict() == shards.index["frames"].to_dict()
    same = ["width", "height", "source_width", "source_height", "defect", "codec"]
    assert online.index[same].equals(shards.index[same])


def test_frames_are_those_of_the_shards_up_to_the_jpeg(sources: tuple[FrameSource, FrameSource]) -> None:
    shards, online = sources
    for video in ("wide", "tiny", "cut"):
        wanted = [3, 0, 3, 99]
        ours, stored = online.read(video, wanted), shards.read(video, wanted)
        assert ours.shape == stored.shape and ours.dtype == np.uint8
        assert np.abs(ours.astype(int) - stored.astype(int)).mean() < 3
        assert [number_of(frame) for frame in ours] == [number_of(frame) for frame in stored]


def test_a_training_clip_shows_the_same_frames(sources: tuple[FrameSource, FrameSource]) -> None:
    clips = [
        TrainingClips(source, [("wide", 0), ("tiny", 1)], load_method("vifi_clip"), 4, 32, True, 5)[1, 0][0]
        for source in sources
    ]
    assert (clips[0] - clips[1]).abs().mean() < 0.1
    other = TrainingClips(sources[0], [("wide", 0)], load_method("vifi_clip"), 4, 32, True, 6)[1, 0][0]
    assert (clips[0] - other).abs().mean() > 0.1
    assert torch.isfinite(clips[1]).all()


@pytest.mark.parametrize("store", ["shards", "online"])
def test_a_larger_video_is_reduced_plainly_unless_its_dataset_says_smooth(tmp_path: Path, store: str) -> None:
    """A picture of lines one pixel wide: OpenCV's plain bilinear keeps what it meets, smoothing makes grey."""
    videos = tmp_path / "videos"
    videos.mkdir()
    with av.open(str(videos / "lines.avi"), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "bgr0"
        frame = np.zeros((120, 160, 3), dtype=np.uint8)
        frame[::3] = 255
        for packet in [*stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")), *stream.encode()]:
            container.mux(packet)
    theirs = {
        "plain": cv2.resize(frame, (53, 40), interpolation=cv2.INTER_LINEAR),
        "smooth": np.asarray(Image.fromarray(frame).resize((53, 40), Image.Resampling.BILINEAR)),
    }
    assert Frames(short_side=40, jpeg_quality=95, shards=1, decode_timeout_s=20).resize == "plain"
    for how, expected in theirs.items():
        kept = FRAMES.model_copy(update={"short_side": 40, "jpeg_quality": 95, "resize": how, "store": store})
        read = extract(videos, tmp_path / how, frames=kept).read("lines", [0])[0]
        assert np.abs(read.astype(int) - expected).mean() < (0.01 if store == "online" else 3)
    assert np.abs(theirs["plain"].astype(int) - theirs["smooth"]).mean() > 50


def test_an_online_reader_crosses_to_another_process(sources: tuple[FrameSource, FrameSource]) -> None:
    again = pickle.loads(pickle.dumps(sources[1]))
    assert np.array_equal(again.read("wide", [1, 2]), sources[1].read("wide", [1, 2]))


def test_a_broken_video_is_refused_with_its_reason(sources: tuple[FrameSource, FrameSource]) -> None:
    assert "page" not in sources[1] and "wide" in sources[1]
    with pytest.raises(UserError, match=r"page .* cannot be opened"):
        sources[1].read("page", [0])


def test_a_video_that_is_gone_since_the_scan_is_named(tmp_path: Path) -> None:
    path = write_video(tmp_path / "videos" / "a.mp4", frames=4)
    online = extract(tmp_path / "videos", tmp_path / "frames", frames=ONLINE)
    path.unlink()
    with pytest.raises(UserError, match=r"a\.mp4 could be decoded when it was scanned and cannot now"):
        online.read("a", [0])


def test_an_index_of_an_earlier_version_whose_readers_are_not_proved_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "videos" / "a.mp4", frames=4)
    extract(tmp_path / "videos", tmp_path / "frames", frames=ONLINE)
    index = tmp_path / "frames" / "index.parquet"
    table = pq.read_table(index)
    pq.write_table(table.drop_columns("mirrored").replace_schema_metadata(table.schema.metadata), index)
    with pytest.raises(UserError, match=r"is of an earlier version.*snakemake .*makes it again"):
        OnlineFrames(tmp_path / "frames")


def test_going_online_removes_the_jpegs(tmp_path: Path) -> None:
    write_video(tmp_path / "videos" / "a.mp4", frames=4)
    extract(tmp_path / "videos", tmp_path / "frames")
    assert len(list((tmp_path / "frames").glob("*.tar"))) == FRAMES.shards
    extract(tmp_path / "videos", tmp_path / "frames", frames=ONLINE)
    assert list((tmp_path / "frames").glob("*.tar")) == []


@pytest.mark.parametrize("name", ["video_90.mov", "corrupted.mp4", "unordered.mov", "part_0.mp4"])
def test_real_clips_give_the_same_frames_both_ways(tmp_path: Path, name: str) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / name).symlink_to(CLIPS / name)
    frames = FRAMES.model_copy(update={"short_side": 128, "jpeg_quality": 95})
    shards = extract(tmp_path / "videos", tmp_path / "shards", frames=frames)
    online = extract(tmp_path / "videos", tmp_path / "online", frames=frames.model_copy(update={"store": "online"}))
    video = Path(name).stem
    wanted = np.linspace(0, shards.frames(video) - 1, 4).astype(int)
    ours, stored = online.read(video, wanted).astype(int), shards.read(video, wanted).astype(int)
    assert np.abs(ours - stored).mean() < 6
