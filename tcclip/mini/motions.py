"""How one object moves: a path over a clip, in units of the frame's short side from the frame's centre, y down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Rng = np.random.Generator

REACH = 0.3  # the centre crop of a test view shows 0.44 to each side; the rest is the object's own size


@dataclass(frozen=True)
class Path:
    """Positions, turn (radians) and size factor of an object, one value per frame, each (T,)."""

    x: Array
    y: Array
    angle: Array
    scale: Array


def _path(
    time: Array, x: Array | float, y: Array | float, angle: Array | float = 0.0, scale: Array | float = 1.0
) -> Path:
    return Path(*(np.broadcast_to(np.asarray(value, dtype=np.float32), time.shape) for value in (x, y, angle, scale)))


def _side(rng: Rng) -> int:
    return int(rng.choice((-1, 1)))


def bounce(time: Array, rng: Rng) -> Path:
    """Hops on the ground while drifting to a side."""
    hops = rng.uniform(2, 3.5)
    height = np.abs(np.sin(np.pi * (hops * time + rng.uniform(0, 1)))) * rng.uniform(0.4, 0.52)
    return _path(time, _side(rng) * rng.uniform(0.1, 0.2) * (2 * time - 1), 0.26 - height)


def roll(time: Array, rng: Rng) -> Path:
    """Across the ground, turning with the way covered."""
    side = _side(rng)
    x = side * REACH * (2 * time - 1)
    return _path(time, x, rng.uniform(0.05, 0.25), side * (rng.uniform(0, 6) + time * rng.uniform(4, 6)))


def spin(time: Array, rng: Rng) -> Path:
    """Turns on the spot."""
    angle = rng.uniform(0, 6) + _side(rng) * time * rng.uniform(6, 12)
    return _path(time, rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), angle)


def drop(time: Array, rng: Rng) -> Path:
    """Falls ever faster from the top and stays on the ground."""
    fall = np.minimum(time / rng.uniform(0.7, 0.9), 1) ** 2
    return _path(time, rng.uniform(-0.22, 0.22), -0.34 + 0.64 * fall)


def swing(time: Array, rng: Rng) -> Path:
    """A pendulum that hangs from above the frame."""
    angle = rng.uniform(0.6, 0.8) * np.sin(2 * np.pi * (rng.uniform(1, 1.8) * time + rng.uniform(0, 1)))
    return _path(time, 0.5 * np.sin(angle), 0.5 * np.cos(angle) - 0.4, -angle)


def shake(time: Array, rng: Rng) -> Path:
    """Trembles on the spot."""
    tremble = rng.uniform(-0.06, 0.06, (2, len(time)))
    x, y = rng.uniform(-0.15, 0.15, 2)
    return _path(time, x + tremble[0], y + tremble[1], rng.uniform(-0.25, 0.25, len(time)).astype(np.float32))


def grow(time: Array, rng: Rng) -> Path:
    """Stays and becomes larger."""
    return _path(time, rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12), 0.0, 0.5 + rng.uniform(1, 1.3) * time)


def slide(time: Array, rng: Rng) -> Path:
    """Straight to a side without turning."""
    return _path(time, _side(rng) * REACH * (2 * time - 1), rng.uniform(-0.1, 0.25), rng.uniform(-0.15, 0.15))


MOTION: dict[str, Callable[[Array, Rng], Path]] = {
    "bounce": bounce,
    "roll": roll,
    "spin": spin,
    "drop": drop,
    "swing": swing,
    "shake": shake,
    "grow": grow,
    "slide": slide,
}
