"""Signed distances of the shapes: negative inside, about 1 across the radius, y pointing down as in images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def _array(values: Any) -> Array:
    return np.asarray(values, dtype=np.float32)


def ball(x: Array, y: Array) -> Array:
    """A disc."""
    return np.hypot(x, y) - np.float32(0.9)


def triangle(x: Array, y: Array) -> Array:
    """An equilateral triangle, one corner up."""
    y = y - np.float32(0.15)
    return np.maximum(np.float32(0.866) * np.abs(x) - np.float32(0.5) * y, y) - np.float32(0.56)


def star(x: Array, y: Array) -> Array:
    """A star of five points, one up: the plane is folded into one half point, which has a single straight edge."""
    fold = np.float32(np.pi / 5)
    angle = np.abs((np.arctan2(x, -y) + fold) % (2 * fold) - fold)
    radius = np.hypot(x, y)
    inner = np.float32(0.45)
    edge_x, edge_y = inner * np.cos(fold) - 1, inner * np.sin(fold)
    length = np.hypot(edge_x, edge_y)
    return _array((radius * np.cos(angle) - 1) * (edge_y / length) - radius * np.sin(angle) * (edge_x / length))


def cross(x: Array, y: Array) -> Array:
    """An upright cross of two bars."""
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.maximum(x, y) - np.float32(0.95), np.minimum(x, y) - np.float32(0.3))


def ring(x: Array, y: Array) -> Array:
    """A ring with a wide hole."""
    return _array(np.abs(np.hypot(x, y) - np.float32(0.7)) - np.float32(0.23))


def heart(x: Array, y: Array) -> Array:
    """A heart, tip down: two discs above and a quarter turn of a square below."""
    x, y = np.abs(x) * np.float32(0.6), np.float32(0.5) - y * np.float32(0.6)
    above = np.hypot(x - np.float32(0.25), y - np.float32(0.75)) - np.float32(0.3536)
    half = np.float32(0.5) * np.maximum(x + y, 0)
    below = np.sqrt(np.minimum(x**2 + (y - 1) ** 2, (x - half) ** 2 + (y - half) ** 2)) * np.sign(x - y)
    return _array(np.where(x + y > 1, above, below) / np.float32(0.6))


DISTANCE: dict[str, Callable[[Array, Array], Array]] = {
    "ball": ball,
    "triangle": triangle,
    "star": star,
    "cross": cross,
    "ring": ring,
    "heart": heart,
}
