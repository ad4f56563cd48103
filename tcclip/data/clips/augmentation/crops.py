"""Crops of training clips (methods.md 1.3): their sides and their places."""

from __future__ import annotations

import numpy as np

from tcclip.data.resizing import Picture, resize

SNAP = 2 / 224  # of the input size: a crop side this near it becomes it (2 pixels of 224), which spares a resize
GRID = 4  # steps from one corner to the other; the centre is two of them away

# Places of a crop on the grid, (down, right): the corners and the centre; with them the middles of the sides and the
# four places half-way from the centre to a corner
Places = tuple[tuple[int, int], ...]
FIVE: Places = ((0, 0), (0, GRID), (GRID, 0), (GRID, GRID), (GRID // 2, GRID // 2))
THIRTEEN: Places = (*FIVE, (0, 2), (2, 0), (2, GRID), (GRID, 2), (1, 1), (1, 3), (3, 1), (3, 3))

Box = tuple[int, int, int, int]  # top, left, height, width


def cropped(frame: Picture, sides: tuple[int, int], box: Box, size: int) -> Picture:
    """`box` of a frame (H, W, 3) resized to `sides`, (size, size, 3)."""
    top, left, height, width = box
    return resize(resize(frame, *sides)[top : top + height, left : left + width], size, size)


def multi_scale_box(
    height: int,
    width: int,
    size: int,
    scales: list[float],
    rng: np.random.Generator,
    places: Places = FIVE,
) -> Box:
    """One of the recipe's crops: sides from neighbouring scales of the short side, at one of the places.

    A step of the grid is a quarter of the free pixels, rounded down: a crop at the right or at the bottom may leave up
    to three pixels there. The rule is the same for every input size.
    """
    base, near = min(height, width), round(SNAP * size)
    sides = [int(base * scale) for scale in scales]
    sides = [size if abs(side - size) <= near else side for side in sides]
    pairs = [(h, w) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]
    crop_height, crop_width = pairs[rng.integers(len(pairs))]
    down, right = (height - crop_height) // GRID, (width - crop_width) // GRID
    rows, columns = places[rng.integers(len(places))]
    return rows * down, columns * right, crop_height, crop_width
