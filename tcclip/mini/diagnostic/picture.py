"""The picture of docs/diagnostic.md: a video of each class of the diagnostic data set, frame by frame.

`python -m tcclip.mini.diagnostic.picture docs/images/diagnostic.webp` draws it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.diagnostic.clips import clip
from tcclip.mini.diagnostic.parts import PARTS, DiagnosticPart

SEED, INDEX, GAP = 1, 2, 3  # of the videos that are shown; white pixels between frames
NAME, ROW, STRIP = 2.5, 0.52, 0.44  # inches: the names at the left, a row, the height of its strip


def draw(path: Path) -> None:
    """Write film strips, a row for each class; `path` ends in .webp."""
    from matplotlib.figure import Figure

    sides = [(part, side) for part in PARTS for side in range(len(part.sides))]
    strips = [_strip(part, side) for part, side in sides]
    high, wide, _ = strips[0].shape
    width = NAME + STRIP * wide / high
    figure = Figure(figsize=(width, ROW * len(sides)), dpi=100)
    places = {"left": NAME / width, "right": 1, "top": 1, "bottom": 0, "hspace": ROW / STRIP - 1}
    axes = figure.subplots(len(sides), 1, gridspec_kw=places)
    for (part, side), strip, row in zip(sides, strips, axes, strict=True):
        row.imshow(strip, interpolation="antialiased")
        row.set(xticks=[], yticks=[])
        row.spines[:].set_visible(False)
        name = part.sides[side].name.replace(" among", "\namong")
        row.set_ylabel(f"{part.name}: {name}", rotation=0, ha="right", va="center", fontsize=8, labelpad=6)
    figure.savefig(path, pil_kwargs={"quality": 85})


def _strip(part: DiagnosticPart, side: int) -> NDArray[np.uint8]:
    """The frames of a video of a class side by side."""
    frames = clip(part, side, SEED, INDEX)
    padded = np.pad(frames, ((0, 0), (0, 0), (0, GAP), (0, 0)), constant_values=255)
    return np.concatenate(padded, axis=1)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
