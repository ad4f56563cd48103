"""Clips of one named object: appearance and motion from the class name, everything else drawn."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.backgrounds import TEXTURE
from tcclip.mini.classes import BACKGROUNDS, COLOURS, HABIT, HABITS, MOTIONS, SHAPES, looks
from tcclip.mini.motions import MOTION
from tcclip.mini.painting import Thing, paint

Array = NDArray[np.float32]
Rng = np.random.Generator
Pixels = NDArray[np.uint8]

MARGIN = 4  # pixels that the camera may wander


@dataclass(frozen=True)
class Camera:
    """How clips of a dataset are filmed; ranges are drawn from per clip."""

    sizes: tuple[tuple[int, int], ...]  # width, height
    frames: tuple[int, int]
    rates: tuple[int, ...]  # frames per second
    radius: tuple[float, float]  # of the object, in short sides
    distractors: tuple[int, int]  # small resting shapes
    noise: tuple[float, float]  # standard deviation, in grey levels
    light: float  # largest change of brightness and of colour balance
    wander: int  # pixels, at most MARGIN
    haze: tuple[float, float]  # share of the haze's colour in front of everything
    haze_colour: tuple[int, int, int]
    soft: float  # share of clips that are out of focus


@dataclass(frozen=True)
class Setting:
    """Where a clip is filmed; clips of one UCF-101 group share it."""

    size: tuple[int, int]  # width, height
    backdrop: Array  # (H + 2 MARGIN, W + 2 MARGIN, 3)
    tint: Array  # (3,) colour balance


@dataclass(frozen=True)
class Scene:
    """A clip before it is filmed; filming takes what is left of its random numbers, and so happens once."""

    objects: Sequence[Thing]  # what its class is about
    others: Sequence[Thing]  # what lies there beside, behind them
    where: Setting
    camera: Camera
    time: Array  # (T,) moments of the frames
    rng: Rng
    backwards: bool = False

    def frames(self) -> Pixels:
        """Frames uint8 (T, H, W, 3)."""
        return self._filmed([*self.others, *self.objects])

    def objects_at(self) -> NDArray[np.bool_]:
        """Where the objects are, (T, H, W): the pixels that would be others without them."""
        with_them, without = copy.deepcopy(self), copy.deepcopy(self)
        changed: NDArray[np.bool_] = (with_them.frames() != without._filmed(self.others)).any(axis=3)
        return changed

    def _filmed(self, things: Sequence[Thing]) -> Pixels:
        frames = film(things, self.where, self.camera, self.time, self.rng)
        return frames[::-1] if self.backwards else frames


def stream(*key: int | str) -> Rng:
    """The random numbers that belong to `key`, the same on every machine and in any order of calls."""
    return np.random.default_rng([zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key])


def draw(rng: Rng, choices: Sequence[str]) -> str:
    """One of `choices`."""
    return choices[int(rng.integers(len(choices)))]


def habitual(usual: str | None, rng: Rng) -> str | None:
    """The usual choice of a class, with the probability HABIT; None leaves the choice open."""
    return usual if usual and rng.uniform() < HABIT else None


def setting(camera: Camera, background: str | None, rng: Rng) -> Setting:
    """Draw a size, a backdrop and a colour balance."""
    width, height = camera.sizes[int(rng.integers(len(camera.sizes)))]
    texture = TEXTURE[background or draw(rng, BACKGROUNDS)]
    tint = 1 + rng.uniform(-camera.light, camera.light, 3) / 2
    return Setting((width, height), texture(height + 2 * MARGIN, width + 2 * MARGIN, rng), tint.astype(np.float32))


def clip_time(camera: Camera, rng: Rng) -> Array:
    """The moments of a clip's frames, (T,) from 0 to 1; T is drawn."""
    return np.linspace(0, 1, int(rng.integers(camera.frames[0], camera.frames[1] + 1)), dtype=np.float32)


def in_pixels(thing: Thing, size: tuple[int, int]) -> Thing:
    """From short sides, measured from the centre, to pixels from the corner of a frame of `size` (width, height)."""
    side = np.float32(min(size))
    return replace(thing, x=thing.x * side + size[0] / 2, y=thing.y * side + size[1] / 2, radius=thing.radius * side)


def film(things: Sequence[Thing], where: Setting, camera: Camera, time: Array, rng: Rng) -> Pixels:
    """Frames uint8 (T, H, W, 3) of `things`, in short sides from the centre, with the camera's imperfections."""
    width, height = where.size
    steps = rng.integers(-1, 2, (len(time), 2)) if camera.wander else np.zeros((len(time), 2), dtype=int)
    shift = np.clip(np.cumsum(steps, axis=0), -camera.wander, camera.wander)
    corner = MARGIN - shift
    frames = np.stack([where.backdrop[y : y + height, x : x + width] for x, y in corner])
    for thing in things:
        placed = in_pixels(thing, where.size)
        paint(frames, replace(placed, x=placed.x + shift[:, 0], y=placed.y + shift[:, 1]))
    if rng.uniform() < camera.soft:
        frames = _blurred(frames)
    haze = np.float32(rng.uniform(*camera.haze))
    frames = frames * (1 - haze) + np.asarray(camera.haze_colour, dtype=np.float32) * haze
    light = rng.uniform(1 - camera.light, 1 + camera.light, 2)
    gain = (light[0] + (light[1] - light[0]) * time)[:, None] * where.tint  # (T, 3)
    frames *= gain[:, None, None, :].astype(np.float32)
    frames += rng.standard_normal(frames.shape, dtype=np.float32) * np.float32(rng.uniform(*camera.noise))
    return np.clip(frames, 0, 255).astype(np.uint8)


def _blurred(frames: Array) -> Array:
    """Frames averaged over 3 x 3 pixels; the outermost pixels take from the opposite side."""
    across = (np.roll(frames, 1, 1) + frames + np.roll(frames, -1, 1)) * np.float32(1 / 3)
    blurred: Array = (np.roll(across, 1, 2) + across + np.roll(across, -1, 2)) * np.float32(1 / 3)
    return blurred


def _distractors(camera: Camera, shape: str, time: Array, rng: Rng) -> list[Thing]:
    """Small shapes at rest, none of them the object's own."""
    things = []
    for _ in range(int(rng.integers(camera.distractors[0], camera.distractors[1] + 1))):
        x, y = rng.uniform(-0.42, 0.42, 2)
        other = draw(rng, [name for name in SHAPES if name != shape])
        colour = np.asarray(COLOURS[draw(rng, tuple(COLOURS))], dtype=np.float32)
        still = np.ones_like(time)
        radius = rng.uniform(0.05, 0.08)
        things.append(Thing(other, still[:, None] * colour, x * still, y * still, radius * still, 0 * still))
    return things


def named_clip(name: str, camera: Camera, place: Rng, rng: Rng) -> Scene:
    """A clip of class `name`; `place` draws the setting, `rng` the rest."""
    fixed = looks(name)
    usual_background, usual_colour = HABITS.get(name, (None, None))
    where = setting(camera, fixed.background or habitual(usual_background, place), place)
    time = clip_time(camera, rng)
    shape = fixed.shape or draw(rng, SHAPES)
    path = MOTION[fixed.motion or draw(rng, MOTIONS)](time, rng)
    colour_name = fixed.colour or habitual(usual_colour, rng) or draw(rng, tuple(COLOURS))
    colour = np.asarray(COLOURS[colour_name]) + rng.uniform(-12, 12, 3)
    radius = np.float32(rng.uniform(*camera.radius)) * path.scale
    tilt = rng.uniform(-0.15, 0.15)
    shades = np.broadcast_to(colour.astype(np.float32), (len(time), 3))
    thing = Thing(shape, shades, path.x, path.y, radius, path.angle + tilt)
    return Scene([thing], _distractors(camera, shape, time, rng), where, camera, time, rng)
