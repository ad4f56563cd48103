"""Videos to measure with: 256-pixel H.264 clips whose motion and bit rate are like those of trimmed web videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT, RATE = 340, 256, 30  # Kinetics with a short side of 256
KILOBITS = 700  # per second; three real Kinetics-like clips of this size have 500 to 1,190
GRAIN = 1.5  # standard deviation of the sensor's noise, grey levels


def write_clips(folder: Path, count: int, seconds: int) -> list[str]:
    """Write `count` clips by x264 with its usual distance of key frames (250); returns their names."""
    import av

    names = [f"bench{number:03d}.mp4" for number in range(count)]
    for number, name in enumerate(names):
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream("libx264", rate=RATE, options={"preset": "fast", "threads": "1"})
            stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", KILOBITS * 1000
            for frame in scene(np.random.default_rng(number), seconds * RATE):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
    return names


def scene(rng: np.random.Generator, frames: int) -> Iterator[NDArray[np.uint8]]:
    """A camera that wanders and zooms over a scene with detail at all scales, a moving patch of another, and noise."""
    back, front = _texture(rng, 720, 960), _texture(rng, 200, 200)
    phase, speed = rng.uniform(0, 2 * np.pi, 6), rng.uniform(0.5, 2, 6)
    for time in np.linspace(0, 1, frames):
        move = np.sin(2 * np.pi * speed * time + phase)
        zoom = 1.2 + 0.2 * move[0]
        width, height = WIDTH * zoom, HEIGHT * zoom
        left, top = (960 - width) * (0.5 + 0.45 * move[1]), (720 - height) * (0.5 + 0.45 * move[2])
        view = back.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, (left, top, left + width, top + height))
        side = int(80 + 25 * move[3])
        place = int((WIDTH - side) * (0.5 + 0.4 * move[4])), int((HEIGHT - side) * (0.5 + 0.4 * move[5]))
        view.paste(front.resize((side, side), Image.Resampling.BILINEAR), place)
        noisy = np.asarray(view) + GRAIN * rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32)
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def _texture(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    """Random colours at every scale, the coarser the stronger, as natural pictures have them."""
    total = np.full((height, width, 3), 128, dtype=np.float32)
    for scale in (4, 8, 16, 32, 64, 128):
        coarse = rng.normal(0, 6 * scale**0.45, (height // scale + 2, width // scale + 2, 3)).clip(-127, 127) + 128
        total += np.asarray(Image.fromarray(coarse.astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC))
        total -= 128
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))
