"""Figures one after the other as a GIF or an MP4."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcclip.process.files import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE = 3  # frames per second: time to look at each


def write_film(figures: Sequence[Figure], out: Path, caption: str) -> None:
    """Write figures of one size to `out`, *.gif, which repeats, or *.mp4 (H.264); it is complete or absent.

    The file carries the caption as its comment.
    """
    pictures = [_pixels(figure) for figure in figures]
    with atomic(out) as part:
        (_gif if out.suffix == ".gif" else _mp4)(pictures, part, caption)


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    """RGB (H, W, 3), of even height and width as H.264 wants."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return np.ascontiguousarray(pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2])


def _gif(pictures: Sequence[NDArray[np.uint8]], path: Path, caption: str) -> None:
    from PIL import Image

    few = Image.Quantize.MAXCOVERAGE  # keeps colours of few pixels, of which the scale is made
    first, *others = [Image.fromarray(picture).quantize(256, few) for picture in pictures]
    said = caption.encode()
    first.save(path, format="GIF", save_all=True, append_images=others, duration=1000 // RATE, loop=0, comment=said)


def _mp4(pictures: Sequence[NDArray[np.uint8]], path: Path, caption: str) -> None:
    import av

    height, width, _ = pictures[0].shape
    with av.open(str(path), "w", format="mp4") as container:
        container.metadata["comment"] = caption
        stream = container.add_stream("libx264", rate=Fraction(RATE), options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
