"""Objects drawn on frames: a shape in a colour with a dark rim, edges smoothed over one pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.shapes import DISTANCE

Array = NDArray[np.float32]

RIM = 0.14  # width of the rim, in radii


@dataclass(frozen=True)
class Thing:
    """One object over T frames: colour (T, 3) in 0..255; centre, radius and turn (T,), in pixels and radians."""

    shape: str
    colour: Array
    x: Array
    y: Array
    radius: Array
    angle: Array


def paint(frames: Array, thing: Thing, opacity: Array | None = None) -> None:
    """Draw `thing` on frames (T, H, W, 3), in place, with opacities (T,) from 0 to 1; what lies outside is cut off."""
    _, height, width, _ = frames.shape
    half = int(np.ceil(thing.radius.max() * 1.1)) + 1
    left = np.floor(thing.x).astype(int) - half  # the window that holds the object, per frame
    top = np.floor(thing.y).astype(int) - half
    ticks = np.arange(2 * half + 1, dtype=np.float32)
    x = (ticks + left[:, None] - thing.x[:, None]).astype(np.float32)[:, None, :]  # (T, 1, S), object's centre at 0
    y = (ticks + top[:, None] - thing.y[:, None]).astype(np.float32)[:, :, None]  # (T, S, 1)
    cos, sin = (f(thing.angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    radius = thing.radius.astype(np.float32)[:, None, None]
    u, v = (x * cos + y * sin) / radius, (y * cos - x * sin) / radius  # (T, S, S), in radii
    distance = DISTANCE[thing.shape](u, v)
    cover = np.clip(np.float32(0.5) - distance * radius, 0, 1)
    if opacity is not None:
        cover = cover * opacity[:, None, None]
    body = np.clip(np.float32(0.5) - (distance + np.float32(RIM)) * radius, 0, 1)
    light = np.float32(0.35) + body * (np.float32(0.65) - np.float32(0.08) * v)
    if thing.shape == "ball":
        light = light * (1 - np.float32(0.3) * (np.abs(u) < 0.28))  # a band, so that rolling shows
    colour = light[..., None] * thing.colour.astype(np.float32)[:, None, None, :]  # (T, S, S, 3)
    for t in range(len(frames)):
        rows = slice(max(top[t], 0), max(min(top[t] + len(ticks), height), 0))
        columns = slice(max(left[t], 0), max(min(left[t] + len(ticks), width), 0))
        here = frames[t, rows, columns]
        window = (
            slice(rows.start - top[t], rows.stop - top[t]),
            slice(columns.start - left[t], columns.stop - left[t]),
        )
        if here.size:
            here += (colour[t][window] - here) * cover[t][window][..., None]
