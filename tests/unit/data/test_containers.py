"""What is a video: every container that PyAV opens, whatever it is called, and a folder of pictures."""

import errno
import os
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small_videos import number_of, picture, write_video
from test_shards import FRAMES, extract

from tcclip.data.raw import cure_of
from tcclip.data.videos import pictures_reader
from tcclip.data.videos.decoding import decode
from tcclip.data.videos.listing import find_videos, pictures_of, video_id, videos_below
from tcclip.data.videos.reader import opens
from tcclip.data.videos.seen import look_at
from tcclip.errors import UserError
from tcclip.params import load_dataset

ONLINE = FRAMES.model_copy(update={"store": "online"})
CODECS = {
    "3gp": "libx264", "asf": "wmv2", "dv": "dvvideo", "flv": "flv", "gif": "gif", "m2ts": "libx264", "m4v": "mpeg4",
    "mpg": "mpeg2video", "mxf": "mpeg2video", "nut": "mpeg4", "ogv": "libvpx",
    "ts": "libx264", "vob": "mpeg2video",
    "wtv": "mpeg2video", "y4m": "rawvideo", "mjpeg": "mjpeg", "h264": "libx264", "ivf": "libvpx-vp9", "f4v": "libx264",
}  # fmt: skip
FORMATS = {
    "asf": "asf",
    "m2ts": "mpegts",
    "ts": "mpegts",
    "mpg": "mpeg",
    "m4v": "mov",
    "ogg": "ogg",
    "ogv": "ogg",
    "f4v": "mov",
}


def written(path: Path, suffix: str) -> Path:
    """Six pictures in a container."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = (576, 720) if suffix == "dv" else (48, 64)
    pixels = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(suffix, "yuv420p")
    with av.open(str(path), "w", format=FORMATS.get(suffix)) as file:
        stream = file.add_stream(CODECS[suffix], rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(picture(number, height, width), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The index of a folder for each container that this build of FFmpeg writes; each video has four names there."""
    folder = tmp_path_factory.mktemp("containers")
    for suffix in CODECS:
        if CODECS[suffix] in av.codecs_available:
            videos = folder / "videos" / suffix
            content = written(videos / f"a.{suffix}", suffix).read_bytes()
            for name in (f"B.{suffix.upper()}", "without", "odd.xyz"):
                (videos / name).write_bytes(content)
    frames = FRAMES.model_copy(update={"shards": 1})
    return extract(folder / "videos", folder / "frames", fmt="csv", frames=frames).index


@pytest.mark.parametrize("suffix", CODECS)
def test_a_container_that_pyav_writes_is_found_by_any_name_and_read(scanned: pd.DataFrame, suffix: str) -> None:
    if CODECS[suffix] not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {CODECS[suffix]}")
    own = scanned[scanned["video"].str.startswith(f"{suffix}/")]
    assert sorted(own["video"]) == [f"{suffix}/{name}" for name in ("B", "a", "odd.xyz", "without")]
    assert set(own["frames"]) <= {5, 6} and min(own["frames"]) > 0


def test_what_is_no_video_is_not_taken_for_one(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", frames=2)
    (tmp_path / "README").write_text("Videos of a kitchen.\n" * 200)
    (tmp_path / "notes.todo").write_text("\x1b[1mbold\x1b[0m\n")
    (tmp_path / "weights.bin").write_bytes(np.random.default_rng(0).bytes(20_000))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "list.csv").write_text("path,label\n")
    Image.fromarray(picture(0)).save(tmp_path / "cover.png")
    (tmp_path / "cover").write_bytes((tmp_path / "cover.png").read_bytes())
    (tmp_path / ".hidden").write_bytes((tmp_path / "a.mp4").read_bytes())
    assert [path.name for path in find_videos(tmp_path)] == ["a.mp4"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ffconcat version 1.0\nfile 'a.mp4'\n", "list.ffconcat"),
        ("ffconcat version 1.0\nfile 'a.mp4'\n", "b.mp4"),
        ("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{folder}/a.mp4\n#EXT-X-ENDLIST\n", "list.m3u8"),
    ],
)
def test_a_playlist_does_not_give_the_frames_of_the_files_that_it_names(tmp_path: Path, text: str, name: str) -> None:
    write_video(tmp_path / "a.mp4", frames=4)
    (tmp_path / name).write_text(text.format(folder=tmp_path))
    found = decode(tmp_path / name, ONLINE, lambda _: None)
    assert found.frames == 0 and "a playlist, a text that names other files" in found.defect
    assert [path.name for path in find_videos(tmp_path) if path.suffix != ".mp4"] == []


def pictures(folder: Path, count: int = 12, name: str = "frame_{}.jpg", first: int = 1) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(picture(number)).save(folder / name.format(number + first))
    return folder


def test_a_folder_of_pictures_is_a_video_in_shards_and_online(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    pictures(videos / "day1/01")
    pictures(videos / "day1/02.v2", count=3, name="{:05}.png")
    write_video(videos / "day2/01.mp4", frames=5)
    (videos / "day2/thumb1.jpg").write_bytes(b"beside a video")
    (videos / "day2/thumb2.jpg").write_bytes(b"beside a video")
    found = [path.relative_to(videos).as_posix() for path in find_videos(videos)]
    assert found == ["day1/01", "day1/02.v2", "day2/01.mp4"]
    for frames in (FRAMES, ONLINE):
        store = extract(
            videos, tmp_path / frames.store, fmt="csv", frames=frames.model_copy(update={"picture_rate": 12})
        )
        assert store.index["frames"].to_dict() == {"day1/01": 12, "day1/02.v2": 3, "day2/01": 5}
        told = store.index.loc["day1/01", ["fps", "reader", "container", "codec", "defect", "source_width"]]
        assert list(told) == [12.0, "pictures", "pictures", "jpg", "", 64]
        assert [number_of(frame) for frame in store.read("day1/01", [0, 9, 10, 99])] == [0, 9, 10, 11]


def test_frames_beside_their_video_are_no_second_one(tmp_path: Path) -> None:
    write_video(tmp_path / "day1/01.mp4", frames=2)
    pictures(tmp_path / "day1/01")
    assert [path.name for path in find_videos(tmp_path)] == ["01.mp4"]


def test_pictures_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    pictures(tmp_path / "a", first=0)
    assert [path.name for path in pictures_of(tmp_path / "a")] == [f"frame_{number}.jpg" for number in range(12)]
    assert look_at(tmp_path / "a").bytes == sum(path.stat().st_size for path in (tmp_path / "a").iterdir())


@pytest.mark.parametrize("online", [False, True])
def test_a_picture_that_is_broken_or_of_another_size_ends_its_video_with_a_defect(tmp_path: Path, online: bool) -> None:
    videos = tmp_path / "videos"
    (pictures(videos / "cut") / "frame_5.jpg").write_bytes(b"<html>")
    Image.fromarray(picture(3, 24, 30)).save(pictures(videos / "sizes") / "frame_4.jpg")
    (pictures(videos / "first") / "frame_1.jpg").write_bytes(b"")
    index = extract(videos, tmp_path / "frames", frames=ONLINE if online else FRAMES).index
    assert index["frames"].to_dict() == {"cut": 4, "first": 0, "sizes": 3}
    assert "only 4 of 12 frames can be decoded: frame_5.jpg" in index.loc["cut", "defect"]
    assert "frame_4.jpg is 30 x 24 and the first picture 64 x 48" in index.loc["sizes", "defect"]


def test_a_picture_that_the_system_does_not_give_is_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = pictures(tmp_path / "a", count=2)

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Image, "open", refused)
    with pytest.raises(PermissionError):
        list(pictures_reader.read_all(video))


def test_official_lists_know_a_folder_of_pictures_by_its_name(tmp_path: Path) -> None:
    pictures(tmp_path / "videos/Jump/v_Jump_g01_c01")
    store = extract(tmp_path / "videos", tmp_path / "frames")
    assert video_id("Jump/v_Jump_g01_c01.avi", "ucf101") in store
    assert video_id("a/01234567890_000001_000011", "kinetics") == video_id("01234567890.mp4", "kinetics")


def test_a_folder_without_videos_is_counted_by_suffix_and_a_link_is_not_to_be_deleted(tmp_path: Path) -> None:
    mine = pictures(tmp_path / "mine", count=3)
    (mine / "notes.txt").write_text("nothing")
    (mine / "README").write_text("nothing")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/videos").symlink_to(mine)
    with pytest.raises(UserError) as error:
        find_videos(tmp_path / "raw/videos", cure_of(load_dataset("ucf101").model_copy(update={"folder": "mine"})))
    for part in (
        f"raw/videos (a link to {mine}): 5 files are there (3 .jpg, 1 .txt, 1 without suffix), none of",
        "2 pictures or more are a video where a folder of their own holds them",
        "name the folder that holds the videos in params/datasets/ucf101.yaml: folder",
    ):
        assert part in str(error.value)
    assert "delete" not in str(error.value) and "rm " not in str(error.value)


@pytest.mark.parametrize(
    "name, cure",
    [
        ("ucf101", "`tcclip download ucf101 && tcclip unpack ucf101`"),
        ("mini_ucf101", "`rm -r data/raw/mini_ucf101 && tcc"),
    ],
)
def test_the_advice_where_no_video_is_there_is_that_of_the_dataset(tmp_path: Path, name: str, cure: str) -> None:
    with pytest.raises(UserError, match="it is not there") as error:
        find_videos(tmp_path / "videos", cure_of(load_dataset(name)))
    assert cure in str(error.value)


def test_before_the_manifest_nothing_is_opened_to_be_counted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"whatever")
    pictures(tmp_path / "b")
    assert sorted(path.name for path in videos_below(tmp_path, unknown=False)) == ["a", "b"]


def test_a_video_of_an_unknown_codec_is_none_that_opens_and_says_so(tmp_path: Path) -> None:
    content = write_video(tmp_path / "a.mp4", frames=2).read_bytes().replace(b"avc1", b"zzzz")
    for name in ("a.mp4", "a.bin"):
        (tmp_path / name).write_bytes(content)
    assert decode(tmp_path / "a.mp4", FRAMES, bytes).defect == "cannot be opened: no decoder for its codec"
    assert not opens(tmp_path / "a.mp4")
    assert [path.name for path in find_videos(tmp_path)] == ["a.mp4"]


def test_pictures_of_16_bits_keep_their_upper_8_and_those_of_32_are_a_defect(tmp_path: Path) -> None:
    folder = tmp_path / "depth"
    folder.mkdir()
    for number in range(3):
        levels = np.full((24, 32), 256 * (10 + number) + 77, dtype=np.uint16)
        Image.fromarray(levels).save(folder / f"{number}.png")
    assert [int(frame.mean()) for frame in pictures_reader.read_all(folder)] == [10, 11, 12]
    Image.fromarray(np.full((24, 32), 0.5, dtype=np.float32)).save(folder / "1.tiff")
    assert "1.tiff: its pixels have 32 bits" in decode(folder, FRAMES, bytes).defect


def test_what_hidden_folders_and_a_system_s_own_ones_hold_is_none_of_the_user_s_videos(tmp_path: Path) -> None:
    video = write_video(tmp_path / "day1/01.mp4", frames=2).read_bytes()
    for folder in (".git/annex/objects/x", "day1/.Trash", "day1/@eaDir/01", "lost+found"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "01.mp4").write_bytes(video)
    assert [path.relative_to(tmp_path).as_posix() for path in find_videos(tmp_path)] == ["day1/01.mp4"]


def test_a_folder_that_cannot_be_looked_into_is_told_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("day1", "day2"):
        write_video(tmp_path / day / "01.mp4", frames=2)
    scan = os.scandir

    def refused(folder: str) -> object:
        if str(folder).endswith("day2"):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(UserError, match=r"day2 cannot be looked into \(Permission denied\): `chmod -R u\+rX .*day2`"):
        find_videos(tmp_path)
    assert len(list(videos_below(tmp_path, unknown=False))) == 1  # `tcclip data status` says what can be said
