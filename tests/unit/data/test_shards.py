"""Writing frame shards and reading frames from them."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_videos import number_of, picture, write_video
from test_video import CLIPS

from tcclip.data.videos import shards
from tcclip.data.videos.decoding import Decoded, Decoder, decoder, encode, shrink
from tcclip.data.videos.frames import FrameSource, FrameStore, open_frames
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.listing import find_videos
from tcclip.data.videos.shards import write_shard
from tcclip.errors import UserError
from tcclip.params.dataset import Frames

FRAMES = Frames(short_side=32, jpeg_quality=90, shards=2, decode_timeout_s=20)


def extract(videos: Path, out: Path, fmt: str = "ucf101", frames: Frames = FRAMES) -> FrameSource:
    parts = []
    for shard in range(frames.shards):
        stem = out / f"shard-{shard:04d}"
        parts.append(stem.with_suffix(".parquet"))
        write_shard(videos, names(videos), fmt, shard, frames, stem.with_suffix(".tar"), parts[-1])
    merge_index(parts, out / "index.parquet", out / "broken.csv")
    return open_frames(out)


def names(videos: Path) -> list[str]:
    return [path.relative_to(videos).as_posix() for path in find_videos(videos)]


def decode(decoding: Decoder, path: Path) -> tuple[Decoded, int]:
    """The result and how many JPEGs came before it."""
    jpegs: list[bytes] = []
    return decoding.decode(path, jpegs.append), len(jpegs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five videos: three good ones in different folders and codecs, a truncated one, one that is no video."""
    videos = tmp_path_factory.mktemp("raw") / "videos"
    write_video(videos / "Jump" / "v_Jump_(1)#&;.avi", frames=20, height=48, width=64)
    write_video(videos / "short.mp4", frames=5, height=90, width=50)
    write_video(videos / "tiny.webm", frames=8, height=24, width=30)
    whole = write_video(videos / "truncated.avi", frames=40, height=192, width=256).read_bytes()
    (videos / "truncated.avi").write_bytes(whole[: len(whole) * 3 // 4])
    (videos / "page.mp4").write_bytes(b"<html>")
    extract(videos, videos.parent / "frames")
    return videos.parent / "frames"


@pytest.fixture()
def store(folder: Path) -> FrameStore:
    return FrameStore(folder)


def test_every_video_has_one_row_with_its_true_frame_count(store: FrameStore) -> None:
    frames = store.index["frames"].to_dict()
    assert {name: frames[name] for name in ("v_Jump_(1)#&;", "short", "tiny", "page")} == {
        "v_Jump_(1)#&;": 20,
        "short": 5,
        "tiny": 8,
        "page": 0,
    }
    row = store.index.loc["v_Jump_(1)#&;"]
    assert (row["path"], row["fps"], row["codec"], row["defect"]) == ("Jump/v_Jump_(1)#&;.avi", 10.0, "mpeg4", "")


def test_the_short_side_is_reduced_and_never_enlarged(store: FrameStore) -> None:
    size = {video: tuple(row) for video, row in store.index[["height", "width", "source_height"]].iterrows()}
    assert size["v_Jump_(1)#&;"] == (32, 43, 48)
    assert size["short"] == (58, 32, 90)
    assert size["tiny"] == (24, 30, 24)


def test_a_truncated_video_keeps_its_frames_and_names_its_defect(store: FrameStore) -> None:
    row = store.index.loc["truncated"]
    assert 0 < row["frames"] < 40
    assert row["defect"].startswith(f"only {row['frames']} of 40 frames can be decoded")
    assert number_of(store.read("truncated", [3])[0]) == 3


def test_a_truncated_webm_is_noticed_though_it_does_not_count_its_frames(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "74225.webm", frames=48, height=192, width=256, fps=12)
    with decoder(FRAMES) as decoding:
        assert decode(decoding, whole)[0].defect == ""
        whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        result, jpegs = decode(decoding, whole)
    assert 0 < result.frames == jpegs < 46
    assert result.defect.startswith(f"only {jpegs} of about 48 frames can be decoded")


def test_a_broken_video_is_listed_with_its_reason_and_cannot_be_read(store: FrameStore) -> None:
    assert store.index.loc["page"]["defect"].startswith("cannot be opened")
    assert "page" not in store and "tiny" in store
    with pytest.raises(UserError, match=r"page .* cannot be opened"):
        store.read("page", [0])
    with pytest.raises(UserError, match="nobody is not in"):
        store.frames("nobody")


def test_wanted_frames_come_in_the_order_asked_for(store: FrameStore) -> None:
    clip = store.read("v_Jump_(1)#&;", np.array([4, 0, 19, 4, 30]))
    assert clip.shape == (5, 32, 43, 3) and clip.dtype == np.uint8
    assert [number_of(frame) for frame in clip] == [4, 0, 19, 4, 19]


def test_a_stored_frame_is_the_source_frame_reduced(store: FrameStore) -> None:
    expected = shrink(picture(6), 32, "plain").astype(int)
    assert np.abs(store.read("v_Jump_(1)#&;", [6])[0].astype(int) - expected).mean() < 4


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_read_what_this_process_reads(store: FrameStore, method: str) -> None:
    if method == "spawn":
        assert np.array_equal(pickle.loads(pickle.dumps(store)).read("tiny", [1, 2]), store.read("tiny", [1, 2]))
        return
    with multiprocessing.get_context(method).Pool(2) as pool:
        clips = pool.starmap(store.read, [("tiny", [number % 8]) for number in range(8)])
    assert all(np.array_equal(clip, store.read("tiny", [number])) for number, clip in enumerate(clips))


def test_shards_and_index_are_the_same_when_written_again(folder: Path, tmp_path: Path) -> None:
    extract(folder.parent / "videos", tmp_path)
    for name in ("shard-0000.tar", "shard-0001.tar", "index.parquet"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_merging_says_how_many_are_broken(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = sorted(folder.glob("shard-*.parquet"))
    line = merge_index(parts, tmp_path / "index.parquet", tmp_path / "broken.csv")
    assert line == "5 videos, 1 broken, 1 shorter than announced"
    assert "page.mp4: cannot be opened" in capsys.readouterr().err


def test_of_two_files_of_one_kinetics_clip_the_longer_is_kept(tmp_path: Path) -> None:
    write_video(tmp_path / "videos/val/-ab_cdefgh0_000001_000011.mp4", frames=9)
    (tmp_path / "videos/train").mkdir()
    (tmp_path / "videos/train/-ab_cdefgh0_000002_000012.mp4").write_bytes(b"moov atom not found")
    store = extract(tmp_path / "videos", tmp_path / "frames", fmt="kinetics")
    assert store.index["frames"].to_dict() == {"-ab_cdefgh0": 9}


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_video(tmp_path / "videos" / "a.mp4", frames=2)
    monkeypatch.setattr(shards, "append", full)
    out = tmp_path / "frames"
    with pytest.raises(UserError, match="no space left on the disk"):
        write_shard(tmp_path / "videos", ["a.mp4"], "ucf101", 0, FRAMES, out / "shard-0000.tar", out / "a.parquet")
    assert list(out.iterdir()) == []


def test_a_folder_without_videos_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no video under"):
        find_videos(tmp_path)


def test_a_video_that_hangs_costs_its_time_limit_and_not_the_job(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hangs.mp4")  # opening it waits for a writer, inside the decoder's native code
    good = write_video(tmp_path / "good.mp4", frames=3)
    with decoder(FRAMES.model_copy(update={"decode_timeout_s": 1})) as decoding:
        found = decode(decoding, tmp_path / "hangs.mp4")[0]
        assert (found.defect, found.late) == ("no further frame was decoded within 1 s", True)
        assert decode(decoding, good)[1] == 3


def test_a_shard_that_does_not_fit_its_index_is_named(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "frames")
    for path in (tmp_path / "frames").glob("*.tar"):
        path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(UserError, match=r"shard-000\d.tar does not fit its index at video tiny"):
        FrameStore(tmp_path / "frames").read("tiny", [0])


def test_frames_are_asked_for_before_they_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="extract the frames first"):
        FrameStore(tmp_path)


def test_a_jpeg_of_quality_90_is_close_to_its_frame() -> None:
    import simplejpeg

    decoded = simplejpeg.decode_jpeg(encode(picture(9), 90))
    assert np.abs(decoded.astype(int) - picture(9).astype(int)).mean() < 3


def test_real_clips_are_extracted_and_the_corrupted_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for name in ("corrupted.mp4", "part_0.mp4", "video_90.mov"):
        shutil.copy(CLIPS / name, tmp_path / "videos" / name)
    index = extract(tmp_path / "videos", tmp_path / "frames").index
    assert index["frames"].to_dict() == {"corrupted": 28, "part_0": 32, "video_90": 3}
    assert index["defect"].to_dict() == {
        "corrupted": "only 28 of 50 frames can be decoded: Invalid data found when processing input",
        "part_0": "",
        "video_90": "",
    }
    assert (index.loc["video_90"]["source_width"], index.loc["video_90"]["source_height"]) == (320, 568)
