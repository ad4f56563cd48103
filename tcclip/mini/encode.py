"""Frames to video files in the containers and codecs of the originals, by PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcclip.process.files import atomic


@dataclass(frozen=True)
class Coding:
    """A container with its video codec; options are FFmpeg's. One thread: a file does not depend on the machine.

    x264's tree of macroblocks (mbtree) is off: with B-frames and on a processor with AVX-512 its result depends on what
    was in memory before, so that the same frames gave another file in each process.
    """

    suffix: str
    container: str
    codec: str
    options: tuple[tuple[str, str], ...]


MP4 = Coding(".mp4", "mp4", "libx264", (("preset", "veryfast"), ("crf", "23"), ("threads", "1"), ("mbtree", "0")))
# Every picture by itself and without loss: what is decoded of a frame says nothing of those before it.
STILLS = Coding(".mp4", "mp4", "libx264", (("preset", "veryfast"), ("qp", "0"), ("g", "1"), ("threads", "1")))
AVI = Coding(".avi", "avi", "mpeg4", (("qmin", "2"), ("qmax", "6"), ("b", "600000"), ("threads", "1")))
SAME = {"fflags": "+bitexact"}
WEBM = Coding(
    ".webm",
    "webm",
    "libvpx-vp9",
    (("deadline", "realtime"), ("cpu-used", "8"), ("crf", "30"), ("b", "0"), ("row-mt", "0"), ("threads", "1")),
)


def encode(path: Path, frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], rate: int, coding: Coding) -> None:
    """Write frames uint8 (T, H, W, 3), H and W even, at `rate` frames per second; the file is whole or absent.

    The same frames give the same bytes: no identities are drawn (WebM) and no dates written.
    """
    import av

    height, width = frames[0].shape[:2]
    with atomic(path) as part, av.open(str(part), "w", coding.container, options=SAME) as container:
        stream = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
