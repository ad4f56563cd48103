"""Whether a file whose suffix tells nothing is a video."""

from __future__ import annotations

from pathlib import Path

import av
from av.stream import Disposition

STILL = ("_pipe", "image2", "tty")  # ends of FFmpeg's names of what holds pictures, or text, and no video


def opens_as_video(path: Path) -> bool:
    """Whether PyAV opens a file and finds moving pictures: a video stream that is no cover picture of a sound file."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
            return any(s.codec_context.width for s in moving) and not container.format.name.endswith(STILL)
    except (av.FFmpegError, OSError, ValueError):
        return False
