"""Decoding whole videos in a process of its own: a video that hangs or crashes the decoder costs only itself."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcclip.data.resizing import resize, short_sides
from tcclip.data.videos.jpeg import encode
from tcclip.data.videos.reader import OF_PICTURES, BrokenVideoError, VideoInfo
from tcclip.errors import UserError
from tcclip.params.dataset import Frames, Resize

NOTHING = VideoInfo(
    frames=0, estimated=True, fps=0.0, width=0, height=0, codec="", container="", rotation=0
)  # of a file that cannot be opened
CRASHES = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP}  # of a decoder

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
    late: bool = False  # the time was over, of which a video that is damaged is not the only cause


@dataclass(frozen=True)
class _Unread:
    """What kept a video from being read that is no defect of it."""

    number: int  # errno
    text: str


class Decoder:
    """A decoding process that is started when needed and again after a video has ended it.

    The process sets an alarm before each video and anew at each frame, so that a long one has its time. The kernel ends
    the process when the alarm rings: the only way that works while native code holds the interpreter. On this side that
    is seen as the end of the connection. JPEGs come one by one, so that a long video needs no more memory than a short
    one.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._process: Any = None
        self._pipe: Connection | None = None

    def decode(self, path: Path, keep: Keep) -> Decoded:
        """All frames in order; `keep` gets their JPEGs, of which a result without frames is to be forgotten.

        UserError where memory, rights or the disk are the cause of a failure: nothing is known of the video then.
        """
        if self._pipe is None:
            self._start(path)
        assert self._pipe is not None
        try:
            self._pipe.send(path)
            while isinstance(answer := self._pipe.recv(), bytes):
                keep(answer)
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self.close()
            if code == -signal.SIGALRM:
                waited = f"no further frame was decoded within {self._frames.decode_timeout_s} s"
                return Decoded(NOTHING, defect=waited, late=True)
            if code < 0 and -code not in CRASHES:
                raise UserError(_sentence(path, _Unread(errno.ENOMEM, signal.Signals(-code).name))) from None
            return Decoded(NOTHING, defect=f"the decoder ended with exit code {code}")
        if isinstance(answer, _Unread):
            raise UserError(_sentence(path, answer))
        assert isinstance(answer, Decoded)
        return answer

    def close(self) -> None:
        """End the process; the next decode starts another."""
        if self._pipe is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._pipe = None

    def _start(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._frames), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._pipe.recv()
        except EOFError as error:  # no video's fault
            self._process.join()
            if self._process.exitcode == -signal.SIGKILL:
                raise UserError(_sentence(path, _Unread(errno.ENOMEM, "SIGKILL"))) from None
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


def decode(path: Path, frames: Frames, keep: Keep, alive: Callable[[], object] = lambda: None) -> Decoded:
    """All frames of a video in order, in this process; it ends, with a defect, at a frame that does not decode.

    With frames.store "online" they are decoded and counted, `keep` gets nothing, and the result's reader is the one
    for clips. `alive` is called before the first frame and after each. OSError or MemoryError where the file cannot be
    read.
    """
    from tcclip.data.videos import pictures_reader, pyav_reader, seeking, survey

    pictures = path.is_dir()
    try:
        found = pictures_reader.survey(path) if pictures else survey.survey(path)
    except BrokenVideoError as error:
        return Decoded(NOTHING, defect=f"cannot be opened: {error}")
    result = Decoded(found.info, reader=OF_PICTURES if pictures else "pyav")
    reason = found.faults
    times: list[int | None] = []
    keys: list[int] = []
    alive()
    try:
        for number, frame in enumerate((pictures_reader if pictures else pyav_reader).shown(path)):
            if frames.store == "shards" or number == 0:
                picture = frame.picture()
                small = shrink(picture, frames.short_side, frames.resize)
                if frames.store == "shards":
                    keep(encode(small, frames.jpeg_quality))
                if number == 0:
                    first, (height, width) = picture, small.shape[:2]
            if frame.key:
                keys.append(number)
            times.append(frame.time)
            alive()
    except BrokenVideoError as error:
        reason = str(error)
    if times:
        source_height, source_width = first.shape[:2]
        result = replace(result, width=width, height=height, source_width=source_width, source_height=source_height)
    defect = _defect(len(times), found.info, found.silent, reason)
    if not defect and not found.begins and keys and keys[0] > 0:
        defect = f"it begins at no key frame: its first {keys[0]} frames show only what changed"
    if not defect and frames.store == "online" and seeking.by_number(path, found, times, keys, first):
        result = replace(result, reader="decord")
    return replace(result, frames=len(times), defect=defect)


def shrink(frame: NDArray[np.uint8], short_side: int, how: Resize) -> NDArray[np.uint8]:
    """(H, W, 3) with the short side at most `short_side`, ratio kept.

    A smaller frame stays as it is: the augmentation enlarges it when reading, and the shard stays small.
    """
    frame = np.ascontiguousarray(frame)
    height, width = frame.shape[:2]
    return frame if min(height, width) <= short_side else resize(frame, *short_sides(height, width, short_side), how)


def _defect(decoded: int, info: VideoInfo, silent: int, reason: str) -> str:
    """The sentence for the index; more frames than announced are no defect, nor are `silent` ones fewer."""
    if decoded == 0:
        return f"no frame can be decoded: {reason or 'the file has none'}"
    if reason or decoded < info.frames - silent:
        announced = f"about {info.frames}" if info.estimated else info.frames
        return f"only {decoded} of {announced} frames can be decoded" + (f": {reason}" if reason else "")
    return ""


def _sentence(path: Path, cause: _Unread) -> str:
    """What the user can do about a video that could not be read."""
    if cause.number in (errno.EACCES, errno.EPERM):
        return f"{path} may not be read: `chmod a+r {shlex.quote(str(path))}`, then run the same command again"
    if cause.number == errno.ENOMEM:
        return (
            f"{path} could not be decoded ({cause.text}), mostly because memory ran out, which is no defect of it: let "
            "fewer jobs run at once, `snakemake frames --cores 1`; a cluster's next try asks for more memory by itself"
        )
    return (
        f"{path} could not be read ({cause.text}), which is no defect of the video: see to the disk or network drive "
        "where it is, then run the same command again"
    )


def _serve(pipe: Connection, frames: Frames) -> None:
    """Answer requests until the other side goes away; loading the readers takes none of a video's time."""
    from tcclip.data.videos import pyav_reader, seeking  # noqa: F401

    pipe.send("ready")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    alarm = partial(signal.alarm, frames.decode_timeout_s)
    try:
        while True:
            path = pipe.recv()
            alarm()
            answer = _answer(path, frames, pipe, alarm)
            signal.alarm(0)
            pipe.send(answer)
    except (EOFError, ConnectionError):
        pass


def _answer(path: Path, frames: Frames, pipe: Connection, alive: Callable[[], object]) -> Decoded | _Unread:
    try:
        return decode(path, frames, pipe.send, alive)
    except ConnectionError:
        raise
    except (MemoryError, OSError) as error:
        number = getattr(error, "errno", None) or errno.ENOMEM
        return _Unread(number, os.strerror(number))
    except Exception as error:  # a reader's bug on one strange file must not end the shard
        return Decoded(NOTHING, defect=f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
