"""The SSv2 stand-in: classes that differ only in relations between frames.

Every class with one object has the same law of a single frame (position, colour, size), and so has every class with
two: an object that rests is put where a moving one is at a random moment. Two pairs of classes are told by the order of
the frames alone: one class of the pair is the other played backwards.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.classes import COLOURS, SHAPES
from tcclip.mini.painting import Thing
from tcclip.mini.scenes import Camera, Scene, clip_time, draw, setting

Array = NDArray[np.float32]
Rng = np.random.Generator


@dataclass(frozen=True)
class Relation:
    """One class: its template as in the official lists, who takes part, and whether the film is played backwards."""

    template: str
    things: Callable[[Array, Rng], list[Thing]]
    backwards: bool = False

    @property
    def name(self) -> str:
        """The class name: the template without brackets."""
        return self.template.replace("[", "").replace("]", "")


def hue_colour(hue: float) -> tuple[float, float, float]:
    """A strong colour of `hue` (0 to 1, cyclic) in 0..255. Uniform hues stay uniform when they turn."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.82, 0.92)
    return red * 255, green * 255, blue * 255


def colour_word(colour: Array) -> str:
    """The nearest colour name of `colour` (3,)."""
    return min(COLOURS, key=lambda word: float(np.abs(colour - np.asarray(COLOURS[word])).sum()))


def _line(time: Array, rng: Rng) -> Array:
    """A way across the frame, (T,): the law of all positions in this module."""
    start, end = rng.uniform(-0.34, -0.24), rng.uniform(0.24, 0.34)
    return (start + (end - start) * time).astype(np.float32)


def _rest(time: Array, rng: Rng) -> Array:
    """A place that a mover on a line passes at a random moment, (T,) constant."""
    return np.full_like(time, _line(rng.choice(time, 1), rng)[0])


def _thing(
    time: Array, rng: Rng, x: Array, y: Array, hues: Array | float = 0.0, radii: tuple[float, float] = (0.16, 0.21)
) -> Thing:
    hue = rng.uniform(0, 1) + np.broadcast_to(np.asarray(hues), time.shape)
    still = np.ones_like(time)
    colour = np.asarray([hue_colour(float(value)) for value in hue], dtype=np.float32)
    radius, angle = rng.uniform(*radii), rng.uniform(-0.3, 0.3)
    return Thing(draw(rng, SHAPES), colour, x, y, radius * still, angle * still)


def _staying(time: Array, rng: Rng) -> list[Thing]:
    return [_thing(time, rng, _rest(time, rng), _rest(time, rng))]


def _sideways(time: Array, rng: Rng) -> list[Thing]:
    return [_thing(time, rng, _line(time, rng), _rest(time, rng))]


def _up_or_down(time: Array, rng: Rng) -> list[Thing]:
    way = _line(time, rng)
    return [_thing(time, rng, _rest(time, rng), way if rng.uniform() < 0.5 else way[::-1])]


def _recoloured(time: Array, rng: Rng) -> list[Thing]:
    """Once, at some moment in the middle, or steadily."""
    turn = rng.choice((-1, 1)) * rng.uniform(0.35, 0.6)
    course = time if rng.uniform() < 0.5 else (time > rng.uniform(0.3, 0.7)).astype(np.float32)
    return [_thing(time, rng, _rest(time, rng), _rest(time, rng), turn * course)]


def _distance(time: Array, rng: Rng) -> Array:
    """Half the distance of two objects that come closer, (T,)."""
    start, end = rng.uniform(0.33, 0.39), rng.uniform(0.13, 0.16)
    return (start + (end - start) * time).astype(np.float32)


def _pair(time: Array, rng: Rng, half: Array) -> list[Thing]:
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.float32(np.cos(angle)) * half, np.float32(np.sin(angle)) * half
    middle = rng.uniform(-0.04, 0.04, 2).astype(np.float32)
    places = [(middle[0] + side * x, middle[1] + side * y) for side in (-1, 1)]
    return [_thing(time, rng, *place, radii=(0.12, 0.16)) for place in places]


def _closer(time: Array, rng: Rng) -> list[Thing]:
    return _pair(time, rng, _distance(time, rng))


def _apart(time: Array, rng: Rng) -> list[Thing]:
    return _pair(time, rng, np.full_like(time, _distance(rng.choice(time, 1), rng)[0]))


SSV2 = (
    Relation("Showing [something] staying still", _staying),
    Relation("Moving [something] from left to right", _sideways),
    Relation("Moving [something] from right to left", _sideways, backwards=True),
    Relation("Moving [something] up or down", _up_or_down),
    Relation("[Something] changing its colour", _recoloured),
    Relation("Moving [something] and [something] closer to each other", _closer),
    Relation("Moving [something] and [something] away from each other", _closer, backwards=True),
    Relation("Showing [something] and [something] staying apart", _apart),
)


def cast(relation: Relation, camera: Camera, rng: Rng) -> tuple[Array, list[Thing]]:
    """The moments of a clip's frames, (T,), and its objects, before it is filmed."""
    time = clip_time(camera, rng)
    return time, relation.things(time, rng)


def called(things: list[Thing]) -> list[str]:
    """What objects are called when the film starts, for example 'red star'."""
    return [f"{colour_word(thing.colour[0])} {thing.shape}" for thing in things]


def relation_clip(relation: Relation, camera: Camera, place: Rng, rng: Rng) -> Scene:
    """A clip; `place` draws the setting, `rng` the rest."""
    where = setting(camera, "plain", place)
    time, things = cast(relation, camera, rng)
    return Scene(things, [], where, camera, time, rng, relation.backwards)
