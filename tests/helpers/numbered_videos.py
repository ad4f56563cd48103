"""Small videos whose pictures tell their numbers, in whatever containers and codecs PyAV can write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tcclip.data.videos.orientation import Orientation, upright

FRAMES = 30
QUIET = {"libx265": {"x265-params": "log-level=none"}, "libsvtav1": {"svtav1-params": "lp=1"}}
UPRIGHT = Orientation()
QUICK = {"cpu-used": "8", "deadline": "realtime"}  # libvpx


@dataclass(frozen=True)
class Case:
    """One video of the matrix."""

    codec: str  # as the index names it
    suffix: str
    encoder: str
    b_frames: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    container: str | None = None  # FFmpeg's name, where the suffix does not tell
    pixels: str = "yuv420p"
    size: tuple[int, int] = (64, 128)
    rate: Fraction = Fraction(25)

    @property
    def name(self) -> str:
        """The file's."""
        return f"{self.encoder}-{self.suffix[1:]}-{'b' if self.b_frames else ''}{self.rate.numerator}{self.suffix}"


def picture(number: int, height: int = 64, width: int = 128) -> np.ndarray:
    """uint8 (H, W, 3): eight stripes, the bits of the number, white or black; the lowest quarter is black."""
    frame = np.zeros((height, width, 3), dtype=np.uint8)
    for bit in range(8):
        frame[:, bit * width // 8 : (bit + 1) * width // 8] = 255 * (number >> bit & 1)
    frame[3 * height // 4 :] = 0
    return frame


def shows(
    frame: np.ndarray, number: int, orientation: Orientation = UPRIGHT, size: tuple[int, int] = (64, 128)
) -> bool:
    """Whether a decoded frame is that picture as `orientation` wants it shown; one bit makes 24 grey levels."""
    expected = upright(picture(number, *size), orientation)
    return frame.shape == expected.shape and float(np.abs(frame.astype(int) - expected).mean()) < 12


def write(path: Path, case: Case, frames: int = FRAMES, muxer: Mapping[str, str] | None = None) -> Path:
    """Encode a video of the case to `path`; `muxer` are options of its container."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {**QUIET.get(case.encoder, {}), **case.options}
    with av.open(str(path), "w", format=case.container, options=dict(muxer or {})) as file:
        stream = file.add_stream(case.encoder, rate=case.rate, options=options)
        stream.height, stream.width = case.size
        stream.pix_fmt = case.pixels
        stream.codec_context.thread_count = 1
        for number in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, *case.size), format="rgb24")))
        file.mux(stream.encode())
    if hasattr(os, "sched_setscheduler"):  # of a superuser, SVT-AV1 makes this thread one that stops all others
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def copy(
    source: Path,
    path: Path,
    change: Callable[[int, av.Packet], bool] = lambda number, packet: True,
    container: str | None = None,
) -> Path:
    """The packets of a video in another file, each as `change` leaves it, or not at all if that says so."""
    with av.open(str(source)) as given, av.open(str(path), "w", format=container) as made:
        stream = given.streams.video[0]
        its = made.add_stream_from_template(stream)
        for number, packet in enumerate(given.demux(stream)):
            if packet.size and change(number, packet):
                packet.stream = its
                made.mux(packet)
    return path


def later(frames: int, rate: int = 25, after: int = 0) -> Callable[[int, av.Packet], bool]:
    """A change for `copy`: packets from the number `after` on are shown so many frames later, or earlier."""

    def change(number: int, packet: av.Packet) -> bool:
        if number >= after:
            shift = round(Fraction(frames, rate) / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        return True

    return change


def _with_b(codec: str, encoder: str, suffixes: str, **more: object) -> list[Case]:
    """Each suffix without and with B-frames."""
    cases = []
    for suffix in suffixes.split():
        for b_frames in (False, True):
            if encoder == "libx265":
                options = {"x265-params": f"bframes={2 * b_frames}:keyint=10:log-level=none"}
            else:
                options = {"g": "10", "bf": str(2 * b_frames)}
            container = {".wmv": "asf", ".m4v": "mp4"}.get(suffix)
            cases.append(Case(codec, suffix, encoder, b_frames, options, container, **more))  # type: ignore[arg-type]
    return cases


def _without_b(codec: str, encoder: str, suffixes: str, **more: object) -> list[Case]:
    options = {"g": "10", "b": "2000000", **(QUICK if encoder.startswith("libvpx") else {})} | QUIET.get(encoder, {})
    return [Case(codec, suffix, encoder, False, options, **more) for suffix in suffixes.split()]  # type: ignore[arg-type]


NTSC = Fraction(30000, 1001)
CASES = [
    *_with_b("h264", "libx264", ".mp4 .mov .m4v .3gp .mkv .avi .flv .ts .m2ts .mpg .wmv"),
    *_with_b("h264", "libx264", ".mp4 .mkv .avi .ts", rate=NTSC),
    *_with_b("hevc", "libx265", ".mp4 .mov .mkv .flv .ts"),
    *_with_b("mpeg4", "mpeg4", ".mp4 .mov .m4v .3gp .mkv .avi .ts .nut"),
    *_with_b("mpeg4", "mpeg4", ".mp4 .avi", rate=Fraction(12)),
    *_with_b("mpeg1video", "mpeg1video", ".mpg .vob .avi .mkv .mp4 .ts"),
    *_with_b("mpeg2video", "mpeg2video", ".mpg .vob .avi .mkv .mp4 .ts .mxf", rate=NTSC),
    *_without_b("vp8", "libvpx", ".webm .mkv .avi .ogv"),
    *_without_b("vp9", "libvpx-vp9", ".webm .mkv .mp4"),
    *_without_b("vp9", "libvpx-vp9", ".webm", rate=Fraction(12)),
    *_without_b("av1", "libsvtav1", ".mp4 .mkv .webm"),
    *_without_b("wmv1", "wmv1", ".wmv .avi"),
    *_without_b("wmv2", "wmv2", ".wmv .asf .avi"),
    *_without_b("msmpeg4v3", "msmpeg4", ".wmv .avi .mkv"),
    *_without_b("mjpeg", "mjpeg", ".avi .mov .mp4 .mkv", pixels="yuvj420p"),
    *_without_b("flv1", "flv", ".flv .avi"),
    *_without_b("h263", "h263", ".3gp", size=(96, 128)),
    *_without_b("rv10", "rv10", ".rm", size=(96, 128)),
    *_without_b("gif", "gif", ".gif", pixels="rgb8"),
    *_without_b("apng", "apng", ".apng", pixels="rgb24"),
    *_without_b("prores", "prores", ".mov", pixels="yuv422p10le"),
    *_without_b("ffv1", "ffv1", ".mkv .avi"),
    *_without_b("rawvideo", "rawvideo", ".avi"),
]
