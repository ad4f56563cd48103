"""Small video files for tests, made by PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

CODECS = {".mp4": "libx264", ".avi": "mpeg4", ".webm": "libvpx-vp9"}


def picture(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """uint8 (H, W, 3): grey level 12 * number on the left, a red right half; survives coding and resizing."""
    frame = np.full((height, width, 3), 12 * number % 240, dtype=np.uint8)
    frame[:, width // 2 :] = (220, 30, 40)
    return frame


def write_video(
    path: Path, frames: int = 20, height: int = 48, width: int = 64, fps: int = 10, title: str = ""
) -> Path:
    """A video of `frames` different pictures in the codec that belongs to the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream(CODECS[path.suffix], rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, height, width), format="rgb24")))
        container.mux(stream.encode())
    return path


def number_of(frame: np.ndarray) -> int:
    """Which picture a decoded frame shows."""
    return round(float(frame[:, : frame.shape[1] // 3].mean()) / 12)
