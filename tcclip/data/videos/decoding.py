"""Decoding whole videos in a process of its own: a video that hangs or crashes the decoder costs only itself."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tcclip.data.resizing import resize, short_sides
from tcclip.data.videos.reader import BrokenVideoError, VideoInfo, probe, read_all
from tcclip.errors import UserError
from tcclip.params.dataset import Frames, Resize

NOTHING = VideoInfo(
    frames=0, estimated=True, fps=0.0, width=0, height=0, codec="", container="", rotation=0
)  # of a file that cannot be opened
ESTIMATE = 0.95  # a container's duration may exceed its frames a little, for example by the end of the sound

Keep = Callable[[bytes], object]  # takes the JPEGs of a video one by one


@dataclass(frozen=True)
class Decoded:
    """What became of one video; `defect` is empty when every announced frame is there."""

    info: VideoInfo
    frames: int = 0  # decoded
    reader: str = ""
    width: int = 0  # stored
    height: int = 0
    source_width: int = 0
    source_height: int = 0
    defect: str = ""


class Decoder:
    """A decoding process that is started when needed and again after a video has ended it.

    The process sets an alarm before each video, and the kernel ends it when the alarm rings: the only way that works
    while native code holds the interpreter. On this side that is seen as the end of the connection. JPEGs come one by
    one, so that a long video needs no more memory than a short one.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._process: Any = None
        self._pipe: Connection | None = None

    def decode(self, path: Path, reader: str, keep: Keep) -> Decoded:
        """All frames by one reader; `keep` gets their JPEGs, of which a result without frames is to be forgotten."""
        if self._pipe is None:
            self._start()
        assert self._pipe is not None
        try:
            self._pipe.send((path, reader))
            while isinstance(answer := self._pipe.recv(), bytes):
                keep(answer)
            assert isinstance(answer, Decoded)
            return answer
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self.close()
            if code == -signal.SIGALRM:
                return Decoded(NOTHING, defect=f"not decoded within {self._frames.decode_timeout_s} s")
            return Decoded(NOTHING, defect=f"the decoder ended with exit code {code}")

    def close(self) -> None:
        """End the process; the next decode starts another."""
        if self._pipe is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._pipe = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._frames), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._pipe.recv()
        except EOFError as error:  # no video's fault
            raise UserError(
                "the decoding process ended before its first video: its reason stands above; repair the installation "
                "(`make tables` sets it up) and run the same command again"
            ) from error


@contextmanager
def decoder(frames: Frames) -> Iterator[Decoder]:
    """A Decoder whose process ends with the block."""
    process = Decoder(frames)
    try:
        yield process
    finally:
        process.close()


def decode(path: Path, reader: str, frames: Frames, keep: Keep) -> Decoded:
    """All frames of a video by one reader, in this process; it ends, with a defect, at a frame that does not decode.

    With frames.store "online" they are decoded and counted, and `keep` gets nothing.
    """
    try:
        info = probe(path)
    except BrokenVideoError as error:
        return Decoded(NOTHING, defect=f"cannot be opened: {error}")
    result = Decoded(info, reader=reader)
    count, reason = 0, ""
    try:
        for count, frame in enumerate(read_all(path, reader), start=1):
            if count > 1 and frames.store == "online":
                continue
            small = shrink(frame, frames.short_side, frames.resize)
            if frames.store == "shards":
                keep(encode(small, frames.jpeg_quality))
            if count == 1:
                (height, width), (source_height, source_width) = small.shape[:2], frame.shape[:2]
                result = replace(
                    result, width=width, height=height, source_width=source_width, source_height=source_height
                )
    except BrokenVideoError as error:
        reason = str(error)
    return replace(result, frames=count, defect=_defect(count, info, reason))


def shrink(frame: NDArray[np.uint8], short_side: int, how: Resize) -> NDArray[np.uint8]:
    """(H, W, 3) with the short side at most `short_side`, ratio kept.

    A smaller frame stays as it is: the augmentation enlarges it when reading, and the shard stays small.
    """
    frame = np.ascontiguousarray(frame)
    height, width = frame.shape[:2]
    return frame if min(height, width) <= short_side else resize(frame, *short_sides(height, width, short_side), how)


def encode(frame: NDArray[np.uint8], quality: int) -> bytes:
    """A frame as JPEG; colours at half resolution, as in nearly every source video."""
    return bytes(simplejpeg.encode_jpeg(frame, quality=quality, colorspace="RGB", colorsubsampling="420"))


def _defect(decoded: int, info: VideoInfo, reason: str) -> str:
    """The sentence for the index; more frames than announced are no defect."""
    if decoded == 0:
        return f"no frame can be decoded: {reason or 'the file has none'}"
    if reason or decoded < info.frames * (ESTIMATE if info.estimated else 1):
        announced = f"about {info.frames}" if info.estimated else info.frames
        return f"only {decoded} of {announced} frames can be decoded" + (f": {reason}" if reason else "")
    return ""


def _serve(pipe: Connection, frames: Frames) -> None:
    """Answer requests until the other side goes away; loading the readers takes none of a video's time."""
    from tcclip.data.videos import decord_reader, pyav_reader  # noqa: F401

    pipe.send("ready")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        while True:
            path, reader = pipe.recv()
            signal.alarm(frames.decode_timeout_s)
            try:
                result = decode(path, reader, frames, pipe.send)
            except ConnectionError:
                raise
            except Exception as error:  # a reader's bug on one strange file must not end the shard
                result = Decoded(NOTHING, defect=f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
            signal.alarm(0)
            pipe.send(result)
    except (EOFError, ConnectionError):
        pass
