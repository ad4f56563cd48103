"""Whether a file whose suffix tells nothing is a video."""

from __future__ import annotations

from pathlib import Path

import av

from tcclip.data.videos.reader import BrokenVideoError
from tcclip.data.videos.survey import open_file, video_stream

STILL = ("_pipe", "image2", "tty")  # ends of FFmpeg's names of what holds pictures, or text, and no video


def opens_as_video(path: Path) -> bool:
    """Whether PyAV opens a file and finds moving pictures: a video stream that is no cover picture of a sound file."""
    try:
        with open_file(path) as container:
            return bool(video_stream(container).codec_context.width) and not container.format.name.endswith(STILL)
    except PermissionError:
        return True  # it is listed, and the scan says what is to be done
    except (av.FFmpegError, BrokenVideoError, ValueError):
        return False
