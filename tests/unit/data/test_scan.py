"""The scan of real clips, and what interruptions and a second process do to a shard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from small_videos import number_of, picture, write_video
from test_shards import FRAMES, extract, names
from test_video import CLIPS

from tcclip.data.videos import decoding, pyav_reader, reader
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.listing import listed_videos
from tcclip.data.videos.shards import of_shard, write_shard
from tcclip.errors import UserError
from tcclip.process.lock import alone

ONLINE = FRAMES.model_copy(update={"store": "online"})  # stores nothing, so it is the faster scan


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All real clips, scanned once."""
    out = tmp_path_factory.mktemp("scanned")
    extract(CLIPS, out, frames=ONLINE)
    return out


def rows(folder: Path) -> pd.DataFrame:
    """What the shards say, by file."""
    return pd.concat([pd.read_parquet(part) for part in sorted(folder.glob("shard-*.parquet"))]).set_index("path")


def test_every_real_clip_is_scanned_and_its_frames_are_counted(scanned: Path) -> None:
    assert sorted(rows(scanned).index) == sorted(path.name for path in CLIPS.iterdir())
    assert rows(scanned)["frames"].to_dict() == {
        "corrupted.mp4": 28,
        "demo.mp4": 280,
        "demo_skeleton.mp4": 72,
        "flipping_a_pancake.mkv": 310,
        "part_0.mp4": 32,
        "test.avi": 164,
        "unordered.mov": 4,
        "video_0.mov": 3,
        "video_180.mov": 3,
        "video_270.mov": 3,
        "video_90.mov": 3,
    }


def test_the_scan_tells_container_codec_rate_and_rotation_of_the_upright_picture(scanned: Path) -> None:
    told = rows(scanned)[["container", "codec", "fps", "rotation", "source_width", "source_height"]]
    assert tuple(told.loc["flipping_a_pancake.mkv"]) == ("matroska", "h264", 30.0, 0, 426, 240)
    assert tuple(told.loc["test.avi"]) == ("avi", "mpeg4", 25.0, 0, 320, 240)
    assert tuple(told.loc["video_90.mov"]) == ("mov", "h264", 30.0, 90, 320, 568)
    assert tuple(told.loc["video_180.mov"]) == ("mov", "h264", 30.0, 180, 568, 320)
    assert tuple(told.loc["video_270.mov"]) == ("mov", "h264", 30.0, 270, 320, 568)


def test_broken_csv_names_the_one_damaged_clip_with_its_reason(scanned: Path) -> None:
    assert (scanned / "broken.csv").read_text() == (
        "video,path,reason\n"
        "corrupted,corrupted.mp4,only 28 of 50 frames can be decoded: Invalid data found when processing input\n"
    )


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".mpg"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, suffix: str) -> None:
    video = tmp_path / f"a{suffix}"
    video.touch()
    assert decoding.decode(video, ONLINE, print).defect == "cannot be opened: the file is empty"


def test_broken_csv_is_a_header_where_nothing_is_broken(tmp_path: Path) -> None:
    write_video(tmp_path / "videos" / "a.mp4", frames=2)
    extract(tmp_path / "videos", tmp_path / "frames", frames=ONLINE)
    assert (tmp_path / "frames" / "broken.csv").read_text() == "video,path,reason\n"


def test_odd_names_come_through_manifest_shard_index_and_table(tmp_path: Path) -> None:
    from tcclip.data.raw import write_manifest

    odd = ["a b(#&;)~+@.mp4", 'quo"te, comma.avi', "[x]!\N{SNOWMAN}.webm", "NA.mp4", "two\nlines.mp4"]
    for name in odd:
        write_video(tmp_path / "videos" / "class & co" / name, frames=3)
    (tmp_path / "videos" / "class & co" / "b,r\N{SNOWMAN}ken.mp4").write_bytes(b"")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "classInd.txt").write_text("1 a\n")
    write_manifest("odd", tmp_path, tmp_path / "manifest.csv")
    assert listed_videos(tmp_path / "manifest.csv") == names(tmp_path / "videos")
    store = extract(tmp_path / "videos", tmp_path / "frames")
    for name in odd:
        assert number_of(store.read(Path(name).stem, [2])[0]) == 2
    broken = pd.read_csv(tmp_path / "frames" / "broken.csv")
    assert broken["path"].tolist() == ["class & co/b,r\N{SNOWMAN}ken.mp4"]


def test_a_second_extraction_of_one_shard_is_told_so_and_writes_nothing(tmp_path: Path) -> None:
    write_video(tmp_path / "videos" / "a.mp4", frames=2)
    out = tmp_path / "frames"
    files = out / "shard-0000.tar", out / "shard-0000.parquet"
    with (
        alone(out / ".shard-0000.lock", "held by the first"),
        pytest.raises(UserError, match=r"another process writes shard 0000 of .*frames: wait for it or stop it"),
    ):
        write_shard(tmp_path / "videos", ["a.mp4"], "ucf101", 0, FRAMES, *files)
    assert list(out.iterdir()) == []
    write_shard(tmp_path / "videos", ["a.mp4"], "ucf101", 0, FRAMES, *files)
    assert sorted(out.iterdir()) == sorted(files)


SCRIPT = """
import sys, time
from pathlib import Path
from test_shards import FRAMES, names
from tcclip.data.videos import shards
plain = shards.append
def slow(tar, path, decoding):
    result = plain(tar, path, decoding)
    print(path.name, flush=True)
    time.sleep(0.5)
    return result
shards.append = slow
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    files = folder / "frames/shard-0000.tar", folder / "frames/shard-0000.parquet"
    shards.write_shard(folder / "videos", names(folder / "videos"), "ucf101", 0, FRAMES, *files)
"""


def test_a_killed_extraction_leaves_nothing_finished_and_the_next_call_completes_it(tmp_path: Path) -> None:
    for number in range(8):
        write_video(tmp_path / "videos" / f"{number}.mp4", frames=4)
    mine = of_shard(names(tmp_path / "videos"), 0, FRAMES.shards)
    here = Path(__file__).parent
    paths = [here, here.parents[1] / "helpers", here.parents[2]]
    script = tmp_path / "extract.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == f"{mine[0]}\n"
    assert process.stdout.readline() == f"{mine[1]}\n"
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdout.close()
    out = tmp_path / "frames"
    files = out / "shard-0000.tar", out / "shard-0000.parquet"
    assert not any(path.exists() for path in files)
    assert any(path.name.endswith(".part") for path in out.iterdir())
    write_shard(tmp_path / "videos", names(tmp_path / "videos"), "ucf101", 0, FRAMES, *files)
    assert sorted(out.iterdir()) == sorted(files)
    assert pd.read_parquet(files[1])["path"].tolist() == mine


def test_a_decoding_process_that_does_not_start_ends_the_job_and_blames_no_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_serve", os.abort)
    path = write_video(tmp_path / "videos" / "a.mp4", frames=2)
    with (
        decoding.decoder(FRAMES) as process,
        pytest.raises(UserError, match="the decoding process ended before its first video"),
    ):
        process.decode(path, lambda _: None)


def test_shards_of_other_settings_are_not_merged(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / "videos" / name, frames=2)
    videos = names(tmp_path / "videos")
    parts = [tmp_path / f"shard-000{number}.parquet" for number in range(2)]
    for number, frames in enumerate((FRAMES, ONLINE)):
        tar = parts[number].with_suffix(".tar")
        write_shard(tmp_path / "videos", videos, "ucf101", number, frames, tar, parts[number])
    with pytest.raises(UserError, match=r"shard-0001\.parquet was made with other settings"):
        merge_index(parts, tmp_path / "index.parquet", tmp_path / "broken.csv")


def test_a_frame_is_handed_over_before_the_next_one_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def shown(*_: object) -> Iterator[reader.DecodedFrame]:
        for number in range(3):
            events.append(f"decoded {number}")
            yield reader.DecodedFrame(number, True, partial(picture, number))

    monkeypatch.setattr(pyav_reader, "shown", shown)
    path = write_video(tmp_path / "a.mp4", frames=3)
    decoding.decode(path, FRAMES, lambda _: events.append("kept"))
    assert events == ["decoded 0", "kept", "decoded 1", "kept", "decoded 2", "kept"]


def test_a_dataset_without_a_manifest_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.csv is missing: `tcclip raw hmdb51` makes it"):
        listed_videos(tmp_path / "hmdb51" / "manifest.csv")
