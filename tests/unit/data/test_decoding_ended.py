"""What ends a decoding process, and who is to blame for it: the video, or the machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from small_videos import write_video
from test_shards import FRAMES

from tcclip.data.videos import decoding, pyav_reader, survey
from tcclip.data.videos.decoding import Decoder, decoder
from tcclip.data.videos.frame_tar import FrameTar
from tcclip.data.videos.shards import append, write_shard
from tcclip.errors import UserError

MEMORY = (
    "mostly because memory ran out, which is no defect of it: let fewer jobs run at once, `snakemake frames --cores 1`"
)


def _end(process: Decoder, how: signal.Signals, folder: Path) -> threading.Timer:
    """A thread that sends the decoding process, which has begun, a signal in a moment."""
    assert process.decode(write_video(folder / "first.mp4", frames=3), bytes).frames == 3
    thread = threading.Timer(0.3, os.kill, (process._process.pid, how))
    thread.start()
    return thread


def _hanging(folder: Path) -> Path:
    os.mkfifo(folder / "large.mp4")  # opening it waits for a writer
    return folder / "large.mp4"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_decoder_that_is_killed_ends_the_job_and_blames_no_video(tmp_path: Path, how: signal.Signals) -> None:
    path = _hanging(tmp_path)
    with decoder(FRAMES) as process:
        thread = _end(process, how, tmp_path)
        with pytest.raises(UserError) as error:
            process.decode(path, bytes)
        thread.join()
    assert str(error.value).startswith(f"{path} could not be decoded ({how.name}), {MEMORY}")


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT])
def test_a_decoder_that_crashes_on_a_video_blames_it_and_goes_on_with_the_next(
    tmp_path: Path, how: signal.Signals
) -> None:
    path, good = _hanging(tmp_path), write_video(tmp_path / "good.mp4", frames=3)
    with decoder(FRAMES) as process:
        thread = _end(process, how, tmp_path)
        assert process.decode(path, bytes).defect == f"the decoder ended with exit code {-how}"
        thread.join()
        assert process.decode(good, bytes).frames == 3


def test_a_killed_decoder_leaves_no_shard_so_that_the_next_try_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path / "videos" / "a.mp4", frames=2)
    out = tmp_path / "frames" / "shard-0000.tar", tmp_path / "frames" / "shard-0000.parquet"
    with monkeypatch.context() as patch, pytest.raises(UserError, match="SIGKILL"):
        patch.setattr(decoding, "_serve", _killed)
        write_shard(tmp_path / "videos", ["a.mp4"], "ucf101", 0, FRAMES, *out)
    assert not any(path.exists() for path in out)
    write_shard(tmp_path / "videos", ["a.mp4"], "ucf101", 0, FRAMES, *out)
    assert all(path.exists() for path in out)


def _killed(pipe: decoding.Connection, frames: object) -> None:
    pipe.send("ready")
    pipe.recv()
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), rf"could not be decoded \(Cannot allocate memory\), {MEMORY}"),
        (
            OSError(5, "Input/output error"),
            r"could not be read \(Input/output error\), which is no defect of the video",
        ),
        (PermissionError(13, "Permission denied"), r"may not be read: `chmod a\+r .*a\.mp4`, then run"),
    ],
    ids=["memory", "disk", "rights"],
)
def test_memory_disks_and_rights_are_no_defect_of_a_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = write_video(tmp_path / "a.mp4", frames=2)
    monkeypatch.setattr(pyav_reader, "shown", fail)
    answer = decoding._answer(path, FRAMES, multiprocessing.Pipe()[0], lambda: None)
    assert isinstance(answer, decoding._Unread)
    with pytest.raises(UserError, match=sentence):
        raise UserError(decoding._sentence(path, answer))


def test_a_shard_that_is_tried_again_asks_for_more_memory() -> None:
    from tcclip.workflow.snakefile import growing

    assert [growing(2000)(None, attempt) for attempt in (1, 2, 3)] == [2000, 4000, 6000]
    rules = (Path(__file__).parents[3] / "workflow" / "rules" / "frames.smk").read_text()
    assert rules.count("mem_mb=growing(2000),") == 2


CUT_WEBM = bytes.fromhex(  # the beginning of one, which FFmpeg calls an input/output error
    "1a45dfa39f4286810142f7810142f2810442f381084282847765626d428781024285810218538067010000000000062b114d9b74ba4dbb8b53ab"
    "841549a96653ac81a14dbb8b53ab841654ae6b53ac81d84dbb8c53ab841254c36753ac8201"
)


def _cut(folder: Path) -> Path:
    (folder / "cut.webm").write_bytes(CUT_WEBM)
    return folder / "cut.webm"


def _huge(folder: Path) -> Path:
    """A video whose second frame is said to have 4 GB, of which FFmpeg says that it has no memory for them."""
    path = folder / "huge.ivf"
    with av.open(str(write_video(folder / "a.webm", frames=4))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux():
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    content = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", content, 32)  # bytes of the first frame, behind the file's head
    struct.pack_into("<I", content, 32 + 12 + first, 0xFFFFFFFF)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("damaged", "frames"), [(_cut, 0), (_huge, 1)], ids=["disk", "memory"])
def test_damage_is_no_fault_of_the_disk_or_of_memory_though_ffmpeg_says_so(
    tmp_path: Path, damaged: Callable[[Path], Path], frames: int
) -> None:
    found = decoding.decode(damaged(tmp_path), FRAMES, bytes)
    assert found.frames == frames and "the file is damaged or cut off (FFmpeg: " in found.defect


def test_a_file_that_cannot_be_read_is_no_defect(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        survey.broken(av.error.OSError(5, "Input/output error"), tmp_path / "gone.webm")


def test_where_memory_cannot_be_had_it_is_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "LARGE", 1 << 60)
    with pytest.raises(OSError, match="Cannot allocate memory"):
        survey.broken(av.error.MemoryError(12, "Cannot allocate memory"), tmp_path / "a.webm")


def test_a_video_whose_time_was_over_gets_it_once_more(tmp_path: Path) -> None:
    class Stopped:
        """A decoder that is stopped for a while in the first video that it decodes."""

        times = 0

        def decode(self, _path: Path, keep: decoding.Keep) -> decoding.Decoded:
            self.times += 1
            keep(b"first")
            if self.times == 1:
                return decoding.Decoded(decoding.NOTHING, defect="no further frame was decoded within 1 s", late=True)
            keep(b"second")
            return decoding.Decoded(decoding.NOTHING, frames=2)

    with open(tmp_path / "shard.tar", "w+b") as file:
        tar = FrameTar(file)
        tar.begin("a")
        assert append(tar, tmp_path / "a.mp4", Stopped()).frames == 2  # type: ignore[arg-type]
        tar.end()
        tar.finish()
    with tarfile.open(tmp_path / "shard.tar") as shard:
        assert shard.getnames() == ["a/00000000.jpg", "a/00000001.jpg"]
