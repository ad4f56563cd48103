"""A shard is a tar that other programs read, no larger for it, and what is no shard of ours is never read as one."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
import simplejpeg
from PIL import Image
from small_videos import picture, write_video
from test_shards import FRAMES, extract, names
from test_video import CLIPS

from tcclip.data.videos import shards
from tcclip.data.videos.decoding import NOTHING, Decoded, Decoder, Keep, shrink
from tcclip.data.videos.frame_tar import BLOCK, FrameTar, read_jpeg, read_places
from tcclip.data.videos.frames import FrameStore
from tcclip.data.videos.jpeg import complete, encode
from tcclip.data.videos.pyav_reader import shown
from tcclip.data.videos.shards import append, write_shard
from tcclip.errors import UserError

ONE = FRAMES.model_copy(update={"shards": 1})
LONG = "long " * 40 + "name"  # 204 bytes, which do not fit into a plain header
COUNTS = {LONG: 2, "short": 3, "v_Jump_(1)#&;": 12, "übung \N{SNOWMAN}": 2}  # in the order of the files' paths
MEMBERS = [f"{video}/{frame:08d}.jpg" for video, count in COUNTS.items() for frame in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of four videos with unusual names and of one that is broken, in one shard."""
    videos = tmp_path_factory.mktemp("raw") / "videos"
    write_video(videos / "a" / f"{LONG}.mp4", frames=2)
    (videos / "broken.mp4").write_bytes(b"<html>")
    write_video(videos / "c" / "short.avi", frames=3)
    write_video(videos / "d" / "v_Jump_(1)#&;.avi", frames=12, height=48, width=64)
    write_video(videos / "übung \N{SNOWMAN}.mp4", frames=2)
    extract(videos, videos.parent / "frames", frames=ONE)
    return videos.parent / "frames"


@pytest.fixture()
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(folder, tmp_path / "frames"))


def run(*command: str | Path, **options: str) -> str:
    """What a command prints; it must not complain."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **options}, check=True)
    assert done.stderr == ""
    return done.stdout


def places_of_members(shard: Path) -> dict[str, list[tuple[int, int]]]:
    """The block and the bytes of each frame by folders, from the members of the tar alone."""
    places: dict[str, list[tuple[int, int]]] = {}
    with tarfile.open(shard, "r:", encoding="utf-8") as members:
        for member in members:
            folder = member.name.rpartition("/")[0]
            places.setdefault(folder, []).append((member.offset_data // BLOCK, member.size))
    return places


@pytest.mark.parametrize("program", ["tar --quoting-style=literal -tf", "bsdtar -tf"])
def test_tar_lists_the_frames_of_all_videos_in_their_order_and_nothing_else(folder: Path, program: str) -> None:
    name, *options = program.split()
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")
    assert run(name, *options, folder / "shard-0000.tar", LC_ALL="C.UTF-8").splitlines() == MEMBERS


def test_names_of_a_videos_frames_sort_as_its_frames(folder: Path) -> None:
    assert [member for video in COUNTS for member in sorted(MEMBERS) if member.startswith(f"{video}/")] == MEMBERS


def test_tar_unpacks_pictures_with_the_pixels_that_the_program_reads(folder: Path, tmp_path: Path) -> None:
    run("tar", "-xf", folder / "shard-0000.tar", "-C", tmp_path)
    store = FrameStore(folder)
    for video, count in COUNTS.items():
        assert sorted(path.name for path in (tmp_path / video).iterdir()) == [f"{i:08d}.jpg" for i in range(count)]
        for frame in range(count):
            picture = np.asarray(Image.open(tmp_path / video / f"{frame:08d}.jpg"))
            assert np.array_equal(picture, store.read(video, [frame])[0])


def test_webdataset_reads_each_frame_as_a_sample(folder: Path) -> None:
    import webdataset

    samples = list(webdataset.WebDataset(str(folder / "shard-0000.tar"), shardshuffle=False).decode("rgb8"))
    assert [f"{sample['__key__']}.jpg" for sample in samples] == MEMBERS
    store = FrameStore(folder)
    for sample in samples:
        video, frame = sample["__key__"].rsplit("/", 1)
        assert np.array_equal(sample["jpg"], store.read(video, [int(frame)])[0])


def test_members_tell_nothing_of_who_made_them_and_when(folder: Path) -> None:
    with tarfile.open(folder / "shard-0000.tar") as tar:
        for member in tar:
            assert member.isfile() and member.mode == 0o644
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")


def test_the_places_behind_the_archive_are_those_of_its_members(folder: Path) -> None:
    by_folder = places_of_members(folder / "shard-0000.tar")
    assert {video: len(places) for video, places in by_folder.items()} == COUNTS
    index = FrameStore(folder).index
    file = os.open(folder / "shard-0000.tar", os.O_RDONLY)
    for video, places in by_folder.items():
        row = index.loc[video]
        assert [tuple(place) for place in read_places(file, row["table"], video, row["frames"])] == places
    os.close(file)


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, 2 * BLOCK, 2 * BLOCK + 1])
def test_a_frame_that_fills_its_blocks_or_nearly_does_is_found_where_it_is(tmp_path: Path, size: int) -> None:
    jpegs = [bytes([number]) * size for number in (1, 2)]
    with open(tmp_path / "shard.tar", "wb") as out:
        tar = FrameTar(out)
        tar.begin("video")
        for jpeg in jpegs:
            tar.add(jpeg)
        table = tar.end()
        table += tar.finish()
    file = os.open(tmp_path / "shard.tar", os.O_RDONLY)
    assert [read_jpeg(file, *place) for place in read_places(file, table, "video", 2).tolist()] == jpegs
    os.close(file)
    with tarfile.open(tmp_path / "shard.tar") as archive:
        assert [archive.extractfile(member).read() for member in archive] == jpegs  # type: ignore[union-attr]


def test_of_two_videos_of_one_name_the_second_has_a_folder_of_its_own(tmp_path: Path) -> None:
    with open(tmp_path / "shard.tar", "wb") as file:
        tar = FrameTar(file)
        for count in (1, 0, 2):
            tar.begin("twice")
            for number in range(count):
                tar.add(encode(picture(number), 90))
            tar.end()
        tar.finish()
    assert {name: len(places) for name, places in places_of_members(tmp_path / "shard.tar").items()} == {
        "twice": 1,
        "twice~2": 2,
    }


def test_a_frame_is_written_before_the_next_one_comes(tmp_path: Path) -> None:
    file = io.BytesIO()
    tar = FrameTar(file)
    tar.begin("video")
    lengths = []
    for number in range(3):
        tar.add(b"\xff" * (BLOCK * number + 1))
        lengths.append(len(file.getvalue()) // BLOCK)
    assert lengths == [2, 5, 9]
    tar.forget()
    assert tar.end() == -1 and file.getvalue() == b""


def test_a_video_that_hangs_after_some_frames_leaves_none_in_the_shard(tmp_path: Path) -> None:
    class Hanging:
        def decode(self, path: Path, keep: Keep) -> Decoded:
            keep(encode(picture(1), 90))
            return Decoded(NOTHING, defect="no further frame was decoded within 1 s")

    with open(tmp_path / "shard.tar", "wb") as file:
        tar = FrameTar(file)
        tar.begin("hangs")
        append(tar, tmp_path, cast(Decoder, Hanging()))
        assert tar.end() == -1
        tar.begin("good")
        tar.add(encode(picture(2), 90))
        tar.end()
        tar.finish()
    assert places_of_members(tmp_path / "shard.tar").keys() == {"good"}


@pytest.mark.parametrize("clip", ["demo.mp4", "part_0.mp4", "flipping_a_pancake.mkv", "demo_skeleton.mp4"])
def test_a_shard_of_real_frames_is_at_most_two_percent_larger_than_their_jpegs(clip: str, tmp_path: Path) -> None:
    """Than what was written before: the whole JPEGs, and 8 bytes a frame."""
    before = 0
    with open(tmp_path / "shard.tar", "wb") as file:
        tar = FrameTar(file)
        tar.begin(clip)
        for frame in islice(shown(CLIPS / clip), 80):
            small = shrink(frame.picture(), 256, "plain")
            before += len(simplejpeg.encode_jpeg(small, quality=90, colorspace="RGB", colorsubsampling="420")) + 8
            tar.add(encode(small, 90))
        tar.end()
        tar.finish()
    assert before < (tmp_path / "shard.tar").stat().st_size < 1.02 * before


def test_tar_adds_62_bytes_to_a_frame_and_what_fills_its_last_block() -> None:
    """So that frames of 16 kB are on average within 2 %: half a block more are 318 bytes."""
    file = io.BytesIO()
    tar = FrameTar(file)
    tar.begin("video")
    jpeg = encode(picture(3), 90)
    tar.add(jpeg)
    assert len(file.getvalue()) - len(complete(jpeg)) == 62 + -len(jpeg) % BLOCK


def cut_within_the_frames(tar: Path) -> None:
    os.truncate(tar, 3 * BLOCK)


def cut_behind_the_archive(tar: Path) -> None:
    os.truncate(tar, tar.stat().st_size - 8)


def pack_again(tar: Path) -> None:
    """As somebody would who has unpacked it: the same members, but for the order, and no places."""
    run("tar", "-xf", tar, "-C", tar.parent)
    run("tar", "-cf", tar, "-C", tar.parent, *COUNTS)


def replace_by_another_tar(tar: Path) -> None:
    (tar.parent / "notes.txt").write_text("x" * tar.stat().st_size)
    run("tar", "-cf", tar, "-C", tar.parent, "notes.txt")


def replace_by_text(tar: Path) -> None:
    tar.write_text("a" * tar.stat().st_size)


def replace_by_an_earlier_shard(tar: Path) -> None:
    """JPEGs, one after the other."""
    tar.write_bytes(encode(picture(0), 90) * 100)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_within_the_frames, "it ends before the places of this video's frames"),
        (cut_behind_the_archive, "it has no places of this video's frames there"),
        (pack_again, "it has no places of this video's frames there|it ends before"),
        (replace_by_another_tar, "it has no places of this video's frames there"),
        (replace_by_text, "it is no tar"),
        (replace_by_an_earlier_shard, "it is of an earlier version, whose shards were no tar"),
    ],
)
def test_what_is_no_shard_is_not_read_and_named_with_the_cure(
    copy: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(copy / "shard-0000.tar")
    with pytest.raises(UserError, match=rf"shard-0000\.tar does not fit its index .*({reason})") as told:
        FrameStore(copy).read("übung \N{SNOWMAN}", [0])
    assert "`rm " in str(told.value) and "snakemake data/frames/frames/index.parquet" in str(told.value)


def test_a_shard_of_an_earlier_version_is_said_to_be_one(copy: Path) -> None:
    (copy / "shard-0000.tar").rename(copy / "shard-0000.jpegs")
    cure = r"`rm -f .*shard-0000\.parquet`, and `tcclip raw .* && snakemake .*` makes it"
    with pytest.raises(UserError, match=rf"jpegs is a shard of an earlier version, which is not read: {cure}"):
        FrameStore(copy).read("short", [0])
    (copy / "shard-0000.jpegs").unlink()
    with pytest.raises(UserError, match=rf"shard-0000\.tar is missing: {cure}"):
        FrameStore(copy).read("short", [0])


def test_places_of_another_video_are_not_taken_for_its_own(copy: Path) -> None:
    index = pd.read_parquet(copy / "index.parquet").set_index("video", drop=False)
    index.loc["short", "table"], index.loc[LONG, "table"] = index.loc[LONG, "table"], index.loc["short", "table"]
    index.to_parquet(copy / "index.parquet", index=False)
    with pytest.raises(UserError, match="does not fit its index at video short"):
        FrameStore(copy).read("short", [0])


def test_a_shard_that_is_made_again_keeps_what_has_not_changed_and_removes_the_earlier_form(
    folder: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    monkeypatch.setattr(shards, "append", lambda tar, path, by: decoded.append(path.name) or append(tar, path, by))
    videos, files = folder.parent / "videos", (copy / "shard-0000.tar", copy / "shard-0000.parquet")
    (copy / "shard-0000.jpegs").write_bytes(b"of an earlier version")
    before = files[0].read_bytes()
    write_shard(videos, names(videos), "ucf101", 0, ONE, *files)
    assert (decoded, files[0].read_bytes()) == ([], before)
    assert not (copy / "shard-0000.jpegs").exists()
    cut_within_the_frames(files[0])
    write_shard(videos, names(videos), "ucf101", 0, ONE, *files)
    assert (len(decoded), files[0].read_bytes()) == (len(COUNTS), before)
