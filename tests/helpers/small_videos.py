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


def photograph(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3): colours and detail at every scale, as photographs have them."""
    rng = np.random.default_rng(height * width)
    total = np.full((height, width, 3), 128.0)
    for scale in (1, 2, 4, 8, 16, 32):
        coarse = rng.normal(0, 6 * scale**0.45, (height // scale + 1, width // scale + 1, 3))
        total += coarse.repeat(scale, axis=0).repeat(scale, axis=1)[:height, :width]
    return total.clip(0, 255).astype(np.uint8)


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
