"""Textures behind the objects: float32 images (H, W, 3) in 0..255."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Rng = np.random.Generator


def _grid(height: int, width: int) -> tuple[Array, Array]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


def _noise(rng: Rng, height: int, width: int, cell_y: int, cell_x: int) -> Array:
    """Standard normal noise (H, W) that is constant in cells of cell_y x cell_x pixels."""
    coarse = rng.standard_normal((-(-height // cell_y), -(-width // cell_x)), dtype=np.float32)
    return coarse.repeat(cell_y, axis=0)[:height].repeat(cell_x, axis=1)[:, :width]


def _two(rng: Rng) -> tuple[Array, Array]:
    """Two muted tints, one clearly lighter."""
    dark = rng.uniform(60, 100, 3).astype(np.float32)
    return dark, dark + rng.uniform(45, 75, 3).astype(np.float32)


def _blend(first: Array, second: Array, share: Array) -> Array:
    return first + (second - first) * share[..., None]


def plain(height: int, width: int, rng: Rng) -> Array:
    """One muted tint, a little lighter towards one side."""
    x, y = _grid(height, width)
    slope = rng.uniform(-0.4, 0.4, 2).astype(np.float32)
    tint = rng.uniform(70, 165) + rng.uniform(-15, 15, 3).astype(np.float32)
    return _blend(tint, tint + 40, x / width * slope[0] + y / height * slope[1])


def grass(height: int, width: int, rng: Rng) -> Array:
    """Dark green blades."""
    blades = _noise(rng, height, width, 5, 1) + _noise(rng, height, width, 3, 2)
    return np.array([52, 88, 38], dtype=np.float32) + blades[..., None] * np.array([10, 15, 8], dtype=np.float32)


def bricks(height: int, width: int, rng: Rng) -> Array:
    """Brown bricks, every second row shifted by half a brick, light mortar between."""
    x, y = _grid(height, width)
    tall = rng.integers(8, 12)
    y = y + rng.integers(0, tall)
    row = y // tall
    along = x + row % 2 * tall + rng.integers(0, tall)
    mortar = (y % tall < 1) | (along % (2 * tall) < 1.5)
    shade = _noise(rng, height, width, 1, 1) * 4
    brick = np.array([134, 74, 56], dtype=np.float32) + rng.uniform(-8, 8, 3).astype(np.float32)
    return _blend(brick, np.array([186, 176, 164], dtype=np.float32), mortar.astype(np.float32)) + shade[..., None]


def sand(height: int, width: int, rng: Rng) -> Array:
    """Light beige grains."""
    grains = _noise(rng, height, width, 1, 1) * 9 + _noise(rng, height, width, 8, 12) * 4
    beige: Array = np.array([206, 182, 136], dtype=np.float32)
    return beige + grains[..., None]


def water(height: int, width: int, rng: Rng) -> Array:
    """Blue-grey waves."""
    x, y = _grid(height, width)
    phase = rng.uniform(0, 6.28, 2).astype(np.float32)
    waves = np.sin(y * np.float32(0.75) + 2 * np.sin(x * np.float32(0.16) + phase[0]) + phase[1])
    image: Array = np.array([70, 124, 156], dtype=np.float32) + waves[..., None] * np.array([20, 24, 26], np.float32)
    return image


def stripes(height: int, width: int, rng: Rng) -> Array:
    """Straight stripes at any angle."""
    x, y = _grid(height, width)
    angle = rng.uniform(0, np.pi)
    along = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) / rng.uniform(2.5, 4) + rng.uniform(0, 6)
    return _blend(*_two(rng), np.clip(np.sin(along.astype(np.float32)) * 2 + 0.5, 0, 1))


def checks(height: int, width: int, rng: Rng) -> Array:
    """A chess board."""
    x, y = _grid(height, width)
    cell = rng.integers(8, 12)
    return _blend(*_two(rng), ((x + rng.integers(0, cell)) // cell + (y + rng.integers(0, cell)) // cell) % 2)


def dots(height: int, width: int, rng: Rng) -> Array:
    """Light dots in rows."""
    x, y = _grid(height, width)
    pitch = rng.uniform(9, 13)
    shift = rng.uniform(0, pitch, 2)
    radius = np.hypot((x + shift[0]) % pitch - pitch / 2, (y + shift[1]) % pitch - pitch / 2).astype(np.float32)
    return _blend(*_two(rng), np.clip(np.float32(pitch * 0.28) - radius + 0.5, 0, 1))


TEXTURE: dict[str, Callable[[int, int, Rng], Array]] = {
    "plain": plain,
    "grass": grass,
    "bricks": bricks,
    "sand": sand,
    "water": water,
    "stripes": stripes,
    "checks": checks,
    "dots": dots,
}
