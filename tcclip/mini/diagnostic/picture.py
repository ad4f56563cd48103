"""The picture of docs/diagnostic.md: a video of each class of the diagnostic data set, frame by frame.

`python -m tcclip.mini.diagnostic.picture docs/images/diagnostic.webp` draws it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tcclip.mini.diagnostic.clips import clip
from tcclip.mini.diagnostic.parts import PARTS

SEED, INDEX, GAP = 1, 2, 3  # of the videos that are shown; white pixels between frames


def draw(path: Path) -> None:
    """Write film strips, a row for each class; `path` ends in .webp."""
    from matplotlib.figure import Figure

    sides = [(part, side) for part in PARTS for side in range(len(part.sides))]
    figure = Figure(figsize=(8.4, 0.52 * len(sides)), layout="constrained", dpi=100)
    axes = figure.subplots(len(sides), 1)
    for (part, side), row in zip(sides, axes, strict=True):
        frames = clip(part, side, SEED, INDEX)
        strip = np.pad(frames, ((0, 0), (0, 0), (0, GAP), (0, 0)), constant_values=255)
        row.imshow(np.concatenate(strip, axis=1), interpolation="antialiased")
        row.set(xticks=[], yticks=[])
        row.spines[:].set_visible(False)
        name = part.sides[side].name.replace(" among", "\namong")
        row.set_ylabel(f"{part.name}: {name}", rotation=0, ha="right", va="center", fontsize=8, labelpad=6)
    figure.savefig(path, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
