"""Objects drawn on frames: a shape in a colour with a dark rim, edges smoothed over one pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.shapes import DISTANCE

Array = NDArray[np.float32]

RIM = 0.14  # width of the rim, in radii
TOGETHER = 16  # frames drawn at once: what is computed of them stays in a processor's cache


@dataclass(frozen=True)
class Thing:
    """One object over T frames: colour (T, 3) in 0..255; centre, radius and turn (T,), in pixels and radians."""

    shape: str
    colour: Array
    x: Array
    y: Array
    radius: Array
    angle: Array

    @property
    def moments(self) -> tuple[Array, ...]:
        """What it is over the frames, in the order of the fields."""
        return self.colour, self.x, self.y, self.radius, self.angle


def paint(frames: Array, thing: Thing, opacity: Array | None = None, at: Sequence[int] | None = None) -> None:
    """Draw `thing` on frames (T, H, W, 3), in place, with opacities (T,) from 0 to 1; what lies outside is cut off.

    at: the places of its T frames among `frames`, each once; None: these are its frames.
    """
    _, height, width, _ = frames.shape
    places = range(len(frames)) if at is None else at
    half = int(np.ceil(thing.radius.max() * 1.1)) + 1
    for start in range(0, len(places), TOGETHER):
        part = slice(start, start + TOGETHER)
        moments = Thing(thing.shape, *(values[part] for values in thing.moments))
        top, left, colour, cover = _drawn(moments, half)
        if opacity is not None:
            cover = cover * opacity[part, None, None]
        for t, place in enumerate(places[part]):
            rows = slice(max(top[t], 0), max(min(top[t] + 2 * half + 1, height), 0))
            columns = slice(max(left[t], 0), max(min(left[t] + 2 * half + 1, width), 0))
            here = frames[place, rows, columns]
            window = (
                slice(rows.start - top[t], rows.stop - top[t]),
                slice(columns.start - left[t], columns.stop - left[t]),
            )
            if here.size:
                here += (colour[t][window] - here) * cover[t][window][..., None]


def _drawn(thing: Thing, half: int) -> tuple[NDArray[np.int_], NDArray[np.int_], Array, Array]:
    """The windows that hold the object, of S = 2 half + 1 pixels.

    Returns top (T,), left (T,), colour (T, S, S, 3), and how much of each pixel it covers (T, S, S), from 0 to 1.
    """
    left = np.floor(thing.x).astype(int) - half
    top = np.floor(thing.y).astype(int) - half
    ticks = np.arange(2 * half + 1, dtype=np.float32)
    x = (ticks + left[:, None] - thing.x[:, None]).astype(np.float32)[:, None, :]  # (T, 1, S), object's centre at 0
    y = (ticks + top[:, None] - thing.y[:, None]).astype(np.float32)[:, :, None]  # (T, S, 1)
    cos, sin = (f(thing.angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    radius = thing.radius.astype(np.float32)[:, None, None]
    u, v = (x * cos + y * sin) / radius, (y * cos - x * sin) / radius  # (T, S, S), in radii
    distance = DISTANCE[thing.shape](u, v)
    cover = np.clip(np.float32(0.5) - distance * radius, 0, 1)
    body = np.clip(np.float32(0.5) - (distance + np.float32(RIM)) * radius, 0, 1)
    light = np.float32(0.35) + body * (np.float32(0.65) - np.float32(0.08) * v)
    if thing.shape == "ball":
        light = light * (1 - np.float32(0.3) * (np.abs(u) < 0.28))  # a band, so that rolling shows
    colour = light[..., None] * thing.colour.astype(np.float32)[:, None, None, :]  # (T, S, S, 3)
    return top, left, colour, cover
