"""Cut, turned, mirrored, paused and mislabelled videos: the frames that a player shows, stored and online alike."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import simplejpeg
from numbered_videos import FRAMES, Case, copy, later, picture, shows, write

from tcclip.data.videos.decoding import Decoded, decode
from tcclip.data.videos.orientation import Orientation, of_matrix
from tcclip.data.videos.reader import READERS, read_all, read_clip
from tcclip.params.dataset import Frames

H264 = Case("h264", ".mp4", "libx264", True, {"g": "10", "bf": "2"})
PLAIN = Case("h264", ".mp4", "libx264", False, {"g": "10", "bf": "0"})
SHARDS = Frames(short_side=200, jpeg_quality=90, shards=1, decode_timeout_s=20)
ONLINE = SHARDS.model_copy(update={"store": "online"})
AV1 = Case("av1", ".mp4", "libsvtav1", False, {"svtav1-params": "lp=1"})
UPRIGHT = Orientation()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of sources that the tests copy."""
    return tmp_path_factory.mktemp("sources")


def source(folder: Path, case: Case = H264) -> Path:
    """A whole video of a case, made once."""
    path = folder / f"{case.encoder}-{case.b_frames}{case.suffix}"
    return path if path.exists() else write(path, case)


def check(path: Path, numbers: list[int], orientation: Orientation = UPRIGHT) -> Decoded:
    """Each frame is the picture of its number: stored, by either reader, and by numbers; returns what the scan says."""
    jpegs: list[bytes] = []
    stored, scanned = decode(path, SHARDS, jpegs.append), decode(path, ONLINE, jpegs.append)
    assert (stored.frames, stored.defect) == (scanned.frames, scanned.defect)
    ways = {"stored": [simplejpeg.decode_jpeg(jpeg) for jpeg in jpegs]}
    ways |= {reader: list(read_all(path, reader)) for reader in READERS}
    for way, frames in ways.items():
        right = [shows(frame, number, orientation) for frame, number in zip(frames, numbers, strict=False)]
        assert len(frames) == len(numbers) and all(right), (way, len(frames), right)
    last = len(numbers) - 1
    for asked in ([last, 0], [0, last], [last // 2, last // 3, last], list(range(len(numbers)))):
        clip = read_clip(path, asked, scanned.reader)
        assert all(shows(frame, numbers[i], orientation) for frame, i in zip(clip, asked, strict=True)), asked
    return scanned


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize(
    "case",
    [
        H264,
        PLAIN,
        Case("mpeg4", ".mp4", "mpeg4", True, {"g": "10", "bf": "2"}),
        Case("hevc", ".mp4", "libx265", True, {"x265-params": "bframes=2:keyint=10:log-level=none"}),
        Case("vp9", ".mp4", "libvpx-vp9", False, {"g": "10", "cpu-used": "8", "deadline": "realtime"}),
    ],
    ids=lambda case: f"{case.encoder}-{case.b_frames}",
)
@pytest.mark.parametrize("cut", [4, 13])
def test_frames_that_an_edit_list_hides_are_not_there_and_none_is_repeated(
    folder: Path, tmp_path: Path, case: Case, suffix: str, cut: int
) -> None:
    if (case.codec, suffix) == ("vp9", ".mov"):
        pytest.skip("QuickTime has no VP9")
    path = copy(source(folder, case), tmp_path / f"cut{suffix}", later(-cut))
    assert check(path, list(range(cut, FRAMES))).defect == ""


MATRICES = {  # a, b, c, d of a display matrix -> orientation
    (1, 0, 0, 1): Orientation(),
    (0, 1, -1, 0): Orientation(90),
    (-1, 0, 0, -1): Orientation(180),
    (0, -1, 1, 0): Orientation(270),
    (-1, 0, 0, 1): Orientation(0, True),
    (0, 1, 1, 0): Orientation(90, True),
    (1, 0, 0, -1): Orientation(180, True),
    (0, -1, -1, 0): Orientation(270, True),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_pixel_is_shown_where_the_matrix_puts_it(matrix: tuple[int, int, int, int]) -> None:
    from tcclip.data.videos.orientation import upright

    a, b, c, d = matrix
    frame = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    shown = upright(frame, of_matrix([65536 * a, 65536 * b, 0, 65536 * c, 65536 * d, 0, 0, 0, 1 << 30]))
    places = {(q, p): (b * p + d * q, a * p + c * q) for q in range(2) for p in range(3)}
    top, left = (min(place[axis] for place in places.values()) for axis in (0, 1))
    for (q, p), (row, column) in places.items():
        assert np.array_equal(shown[row - top, column - left], frame[q, p])


@pytest.mark.parametrize("cut", [0, 4])
@pytest.mark.parametrize("case", [H264, PLAIN], ids=["b-frames", "none"])
@pytest.mark.parametrize("matrix", MATRICES)
def test_all_eight_orientations_are_upright_in_both_readers(
    folder: Path, tmp_path: Path, matrix: tuple[int, int, int, int], case: Case, cut: int
) -> None:
    path = copy(source(folder, case), tmp_path / "turned.mp4", later(-cut))
    content = bytearray(path.read_bytes())
    a, b, c, d = (65536 * value for value in matrix)
    struct.pack_into(">6i", content, content.find(b"tkhd") + 4 + 4 + 20 + 8 + 8, a, b, 0, c, d, 0)
    path.write_bytes(bytes(content))
    scanned = check(path, list(range(cut, FRAMES)), MATRICES[matrix])
    assert (scanned.info.rotation, scanned.info.mirrored) == (MATRICES[matrix].turn, MATRICES[matrix].mirrored)
    clip = read_clip(path, [0, 3], "decord") if not cut else read_clip(path, [0, 3])
    assert all(shows(frame, cut + n, MATRICES[matrix]) for frame, n in zip(clip, (0, 3), strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".flv", ".ts"])
def test_a_video_that_was_cut_before_no_key_frame_says_how_many_frames_it_lacks(
    folder: Path, tmp_path: Path, suffix: str
) -> None:
    path = copy(source(folder, PLAIN), tmp_path / f"cut{suffix}", lambda number, packet: number >= 5)
    scanned = decode(path, ONLINE, bytes)
    first = FRAMES - scanned.frames
    assert first in (8, 9, 10)
    check(path, list(range(first, FRAMES)))
    assert scanned.defect.startswith(f"only {scanned.frames} of ") and " 25 frames" in scanned.defect


def test_a_video_without_its_first_key_frame_whose_codec_guesses_says_so(folder: Path, tmp_path: Path) -> None:
    case = Case("mpeg4", ".mp4", "mpeg4", False, {"g": "10", "bf": "0"})
    path = copy(source(folder, case), tmp_path / "cut.mp4", lambda number, packet: number >= 5)
    assert decode(path, ONLINE, bytes).defect == "it begins at no key frame: its first 5 frames show only what changed"


@pytest.mark.parametrize("suffix", [".mp4", ".mpg", ".avi", ".mkv"])
@pytest.mark.parametrize("case", [H264, PLAIN], ids=["b-frames", "none"])
def test_a_transport_stream_under_another_name_is_known_by_its_content(
    folder: Path, tmp_path: Path, case: Case, suffix: str
) -> None:
    path = copy(source(folder, case), tmp_path / f"stream{suffix}", container="mpegts")
    scanned = check(path, list(range(FRAMES)))
    assert (scanned.info.container, scanned.reader, scanned.defect) == ("mpegts", "pyav", "")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_a_pause_in_the_time_stamps_is_no_defect(folder: Path, tmp_path: Path, suffix: str) -> None:
    path = copy(source(folder, PLAIN), tmp_path / f"pause{suffix}", later(250, after=17))
    assert check(path, list(range(FRAMES))).defect == ""


def test_a_pause_in_a_webm_is_no_defect_and_half_a_webm_is_one(folder: Path, tmp_path: Path) -> None:
    case = Case("vp9", ".webm", "libvpx-vp9", False, {"g": "10", "cpu-used": "8", "deadline": "realtime"})
    path = copy(source(folder, case), tmp_path / "pause.webm", later(250, after=17))
    assert check(path, list(range(FRAMES))).defect == ""
    whole = source(folder, case).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert decode(path, ONLINE, bytes).defect.endswith(f" of about {FRAMES} frames can be decoded")


@pytest.mark.parametrize("encoder", ["mpeg4", "libx264", "mjpeg"])
def test_a_pause_in_an_avi_is_no_defect_and_packets_that_its_table_names_and_that_are_lost_are_one(
    folder: Path, tmp_path: Path, encoder: str
) -> None:
    options = {"mpeg4": {"g": "10", "bf": "0"}, "libx264": PLAIN.options, "mjpeg": {}}[encoder]
    case = Case(encoder, ".avi", encoder, False, options, pixels="yuvj420p" if encoder == "mjpeg" else "yuv420p")
    path = copy(source(folder, case), tmp_path / "pause.avi", later(5, after=17))
    assert check(path, list(range(FRAMES))).defect == ""
    content = path.read_bytes()
    chunks = [place for place in range(len(content)) if content.startswith(b"00dc", place)]
    lost = chunks[12:20]  # the headers of packets in the middle
    path.write_bytes(bytes(0 if lost[0] <= place < lost[-1] else byte for place, byte in enumerate(content)))
    assert decode(path, ONLINE, bytes).defect


def _twice(number: int, packet: av.Packet) -> bool:
    packet.pts = packet.dts = number // 2 * 2 * round(Fraction(1, 25) / packet.time_base)
    return True


def _uneven(number: int, packet: av.Packet) -> bool:
    packet.pts = packet.dts = 2 * packet.pts + number % 2 * round(Fraction(1, 60) / packet.time_base)
    return True


def _all_keys(number: int, packet: av.Packet) -> bool:
    packet.is_keyframe = True
    return True


@pytest.mark.parametrize(
    ("suffix", "change"),
    [(".mkv", _twice), (".mp4", _uneven), (".mkv", _uneven), (".mp4", _all_keys), (".mkv", _all_keys)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_double_and_uneven_times_and_false_key_frames_change_no_frame(
    folder: Path, tmp_path: Path, suffix: str, change: Callable[[int, av.Packet], bool]
) -> None:
    assert check(copy(source(folder, PLAIN), tmp_path / f"odd{suffix}", change), list(range(FRAMES))).defect == ""


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_an_open_group_of_pictures_is_read_from_the_start(tmp_path: Path, suffix: str) -> None:
    options = {"g": "8", "bf": "2", "x264-params": "open-gop=1"}
    path = write(tmp_path / f"open{suffix}", Case("h264", suffix, "libx264", True, options))
    assert check(path, list(range(FRAMES))).reader == "pyav"


@pytest.mark.parametrize("case", [H264, AV1], ids=["h264", "av1"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_cover_picture_before_the_video_is_not_the_video(tmp_path: Path, case: Case, suffix: str) -> None:
    path = _behind_a_picture(tmp_path / f"covered{suffix}", case, cover=True)
    scanned = check(path, list(range(FRAMES)))
    assert (scanned.info.codec, scanned.info.frames, scanned.defect) == (case.codec, FRAMES, "")


def test_a_single_picture_that_is_no_cover_is_not_the_video_either(tmp_path: Path) -> None:
    path = _behind_a_picture(tmp_path / "two.mp4", H264, cover=False)
    scanned = check(path, list(range(FRAMES)))
    assert (scanned.source_height, scanned.source_width, scanned.info.frames) == (64, 128, FRAMES)


@pytest.mark.parametrize("default", [0, 1])
def test_of_two_videos_the_default_one_is_taken(tmp_path: Path, default: int) -> None:
    """A small video and a large one, of which one is the default."""
    path = tmp_path / "two.mkv"
    sizes = [(32, 64), (64, 128)]
    with av.open(str(path), "w") as made:
        streams = [_stream(made, "libx264", size, H264.options) for size in sizes]
        for place, stream in enumerate(streams):
            stream.disposition = av.stream.Disposition(int(place == default))
        for number in range(FRAMES):
            for stream, size in zip(streams, sizes, strict=True):
                shown = picture(number if size == (64, 128) else FRAMES - 1 - number, *size)
                made.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        for stream in streams:
            made.mux(stream.encode())
    for reader in READERS:
        frames = list(read_all(path, reader))
        numbers = range(FRAMES) if default else range(FRAMES - 1, -1, -1)
        assert len(frames) == FRAMES
        assert all(shows(frame, n, size=sizes[default]) for frame, n in zip(frames, numbers, strict=True))


def _stream(made: av.container.OutputContainer, encoder: str, size: tuple[int, int], options: Mapping[str, str]) -> Any:
    stream = made.add_stream(encoder, rate=25, options=dict(options))
    stream.height, stream.width = size
    stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
    stream.codec_context.thread_count = 1
    return stream


def _behind_a_picture(path: Path, case: Case, cover: bool) -> Path:
    """A video behind a stream of one small red picture, which is marked as a cover or not."""
    red = np.full((32, 32, 3), (220, 30, 40), dtype=np.uint8)
    with av.open(str(path), "w") as made:
        still = _stream(made, "mjpeg", (32, 32), {})
        if cover:
            still.disposition = av.stream.Disposition.attached_pic
        stream = _stream(made, case.encoder, case.size, case.options)
        made.mux([*still.encode(av.VideoFrame.from_ndarray(red, format="rgb24")), *still.encode()])
        for number in range(FRAMES):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        made.mux(stream.encode())
    return path


def test_every_picture_has_the_size_of_the_first_though_the_stream_changes_its_own(tmp_path: Path) -> None:
    """Two streams of H.264 one after the other, as a recorder leaves them."""
    parts = io.BytesIO()
    for height in (64, 96):
        raw = write(tmp_path / "part.h264", Case("h264", ".h264", "libx264", size=(height, 128)), frames=6)
        parts.write(raw.read_bytes())
    (tmp_path / "both.h264").write_bytes(parts.getvalue())
    frames = list(read_all(tmp_path / "both.h264"))
    assert len(frames) == 12 and {frame.shape for frame in frames} == {(64, 128, 3)}
    assert all(shows(frame, n % 6) for n, frame in enumerate(frames))
