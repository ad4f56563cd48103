"""Reading video files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_videos import CODECS, number_of, write_video

from tcclip.data.videos import decord_reader
from tcclip.data.videos.reader import READERS, BrokenVideoError, probe, read_all, read_clip

CLIPS = Path(__file__).parents[2] / "data" / "clips"


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("reader", READERS)
def test_every_frame_is_read_in_order(tmp_path: Path, suffix: str, reader: str) -> None:
    path = write_video(tmp_path / f"a b(#&;)~+@{suffix}")
    frames = list(read_all(path, reader))
    assert [number_of(frame) for frame in frames] == list(range(20))
    assert frames[0].shape == (48, 64, 3) and frames[0].dtype == np.uint8


@pytest.mark.parametrize("reader", READERS)
def test_a_clip_is_the_frames_asked_for_and_past_the_end_the_last(tmp_path: Path, reader: str) -> None:
    path = write_video(tmp_path / "a.mp4")
    clip = read_clip(path, [7, 0, 7, 19, 25], reader)
    assert [number_of(frame) for frame in clip] == [7, 0, 7, 19, 19]


def test_the_container_announces_frames_rate_size_and_codec(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "a.avi", frames=12, fps=25))
    assert (info.frames, info.fps, info.width, info.height, info.codec) == (12, 25.0, 64, 48, "mpeg4")
    assert not info.estimated


def test_where_the_container_counts_no_frames_its_duration_does(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "a.webm", frames=37, fps=12))
    assert info.estimated and info.frames == 37


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>" * 50])
def test_a_file_that_is_no_video_is_broken(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(BrokenVideoError):
        probe(path)
    with pytest.raises(BrokenVideoError) as error:
        read_clip(path, [0])
    assert "\n" not in str(error.value) and str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_title_that_is_not_utf8_is_no_defect(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"a{suffix}", title="Caf?")
    path.write_bytes(path.read_bytes().replace(b"Caf?", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1")))
    assert probe(path).frames == 20
    assert len(list(read_all(path, "pyav"))) == 20


def test_pyav_reads_the_clip_when_decord_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BrokenVideoError("retries")

    monkeypatch.setattr(decord_reader, "read_clip", fail)
    assert number_of(read_clip(write_video(tmp_path / "a.webm"), [5], "decord")[0]) == 5


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_both_readers_turn_a_phone_video_upright(turn: int) -> None:
    path = CLIPS / f"video_{turn}.mov"
    by_decord, by_pyav = (next(iter(read_all(path, reader))) for reader in READERS)
    assert np.array_equal(by_decord, by_pyav)
    assert by_decord.shape == ((320, 568, 3) if turn in (0, 180) else (568, 320, 3))


@pytest.mark.parametrize("name", ["test.avi", "part_0.mp4", "unordered.mov"])
def test_both_readers_agree_on_real_clips(name: str) -> None:
    by_decord, by_pyav = (list(read_all(CLIPS / name, reader)) for reader in READERS)
    assert len(by_decord) == len(by_pyav) == probe(CLIPS / name).frames
    difference = np.abs(by_decord[-1].astype(int) - by_pyav[-1].astype(int))
    assert difference.mean() < 2
