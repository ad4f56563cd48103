"""Captioned stills on which the small CLIP is pre-trained: clean pictures and plain words.

Half of them show one large object. The others are storyboards, as in comics: a motion or a relation is hinted at by
faded earlier views of the object. They give the words of motion a meaning for the text tower, as captions do for CLIP;
frames of videos have no such trails, so the motions themselves remain to be learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.backgrounds import TEXTURE
from tcclip.mini.classes import BACKGROUNDS, COLOURS, MOTIONS, SHAPES
from tcclip.mini.motions import MOTION
from tcclip.mini.painting import Thing, paint
from tcclip.mini.relations import SSV2, called
from tcclip.mini.scenes import draw, in_pixels, stream

Array = NDArray[np.float32]
Rng = np.random.Generator

TEMPLATES = (
    "{name}",
    "a photo of a {name}.",
    "a photo of {article} {name}.",
    "a picture of {article} {name}",
    "{article} {name}",
)
TRAIL = np.array([0.25, 0.4, 0.6, 1], dtype=np.float32)  # opacity of the views of a storyboard, the last one is now
MOMENTS = np.array([0, 0.33, 0.67, 1], dtype=np.float32)
NOW = np.ones(1, dtype=np.float32)
BLOCK = 512  # stills drawn at a time


@dataclass(frozen=True)
class Sketch:
    """A still before it is drawn: things with one or more views each, in short sides from the centre."""

    caption: str
    background: str
    things: list[Thing]
    opacity: Array  # of the views


def _phrase(name: str, rng: Rng) -> str:
    return draw(rng, TEMPLATES).format(name=name, article="an" if name[0] in "aeiou" else "a")


def _shade(colour: str, views: Array, rng: Rng) -> Array:
    shade = np.asarray(COLOURS[colour]) + rng.uniform(-12, 12, 3)
    return np.broadcast_to(shade.astype(np.float32), (len(views), 3))


def _object(rng: Rng) -> Sketch:
    """One large object; half of them on a plain ground, where a caption can only be about the object."""
    colour, shape = draw(rng, tuple(COLOURS)), draw(rng, SHAPES)
    ground = draw(rng, BACKGROUNDS) if rng.uniform() < 0.6 else "plain"
    kind = rng.uniform()
    if ground == "plain" or kind < 0.3:
        caption = _phrase(shape if kind < 0.12 else f"{colour} {shape}", rng)
    elif kind < 0.42:
        caption = draw(rng, (ground, f"a photo of {ground}.", f"a picture of {ground}"))
    else:
        caption = _phrase(f"{colour} {shape} on {ground}", rng)
    radius = rng.uniform(0.2, 0.4)
    x, y = rng.uniform(-1, 1, 2) * max(0.5 - radius, 0)
    angle = rng.uniform(-0.3, 0.3) if rng.uniform() < 0.7 else rng.uniform(0, 2 * np.pi)
    thing = Thing(shape, _shade(colour, NOW, rng), x * NOW, y * NOW, radius * NOW, angle * NOW)
    return Sketch(caption, ground, [thing], NOW)


def _motion(rng: Rng) -> Sketch:
    """An object with the trail of a motion."""
    colour, shape, motion, ground = (draw(rng, words) for words in (tuple(COLOURS), SHAPES, MOTIONS, BACKGROUNDS))
    place = "" if ground == "plain" or rng.uniform() < 0.6 else f" on {ground}"
    order = rng.uniform()
    name = (
        f"{motion} {shape}" if order < 0.35 else f"{shape} {motion}" if order < 0.45 else f"{colour} {shape} {motion}"
    )
    path = MOTION[motion](MOMENTS, rng)
    radius = np.float32(rng.uniform(0.16, 0.24)) * path.scale
    thing = Thing(shape, _shade(colour, MOMENTS, rng), path.x, path.y, radius, path.angle)
    return Sketch(name + place, ground, [thing], TRAIL)


def _bystander(thing: Thing, rng: Rng) -> Thing:
    """A second object that a caption does not mention: what the number of objects tells is left for fine-tuning."""
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.24, 0.34)
    return replace(
        thing,
        shape=draw(rng, SHAPES),
        colour=_shade(draw(rng, tuple(COLOURS)), MOMENTS, rng),
        x=thing.x + np.float32(away * np.cos(angle)),
        y=thing.y + np.float32(away * np.sin(angle)),
    )


def _relation(rng: Rng) -> Sketch:
    """The storyboard of an SSv2 class, its objects named or called 'something'."""
    relation = SSV2[int(rng.integers(len(SSV2)))]
    things = relation.things(MOMENTS, rng)
    caption = relation.template.lower()
    for name in called(things):
        caption = caption.replace("[something]", "something" if rng.uniform() < 0.5 else name, 1)
    if len(things) == 1:
        things.append(_bystander(things[0], rng))
    opacity = TRAIL[::-1] if relation.backwards else TRAIL
    if np.ptp(things[0].colour, axis=0).max() > 0:  # inside each other, all visible
        first = things[0]
        things[0] = replace(first, radius=first.radius * (1.3 - 0.9 * MOMENTS))
        opacity = np.ones_like(TRAIL)
    return Sketch(caption, "plain", things, opacity)


def _sketch(rng: Rng) -> Sketch:
    kind = rng.uniform()
    return _object(rng) if kind < 0.5 else _motion(rng) if kind < 0.8 else _relation(rng)


def stills(count: int, size: int, seed: int) -> tuple[NDArray[np.uint8], list[str]]:
    """`count` pictures uint8 (count, size, size, 3) and their captions, the same for the same seed."""
    rng = stream(seed, "stills")
    pictures, captions = np.empty((count, size, size, 3), dtype=np.uint8), []
    for start in range(0, count, BLOCK):
        sketches = [_sketch(rng) for _ in range(min(BLOCK, count - start))]
        captions += [sketch.caption for sketch in sketches]
        pictures[start : start + BLOCK] = _draw(sketches, size, rng)
    return pictures, captions


def _draw(sketches: list[Sketch], size: int, rng: Rng) -> NDArray[np.uint8]:
    """Stills (N, size, size, 3). Views of one shape that lie equally deep in their stills are painted together."""
    frames = np.stack([TEXTURE[sketch.background](size, size, rng) for sketch in sketches])
    layers: dict[tuple[int, str], list[tuple[int, Thing, int, float]]] = {}
    for i, sketch in enumerate(sketches):
        views = [(thing, view) for view in np.argsort(sketch.opacity, kind="stable") for thing in sketch.things]
        for depth, (thing, view) in enumerate(views):
            layers.setdefault((depth, thing.shape), []).append((i, thing, view, float(sketch.opacity[view])))
    for (_, shape), layer in sorted(layers.items()):
        stills_of_layer = [i for i, _, _, _ in layer]
        values = [
            np.stack([getattr(thing, name)[view] for _, thing, view, _ in layer]).astype(np.float32)
            for name in ("colour", "x", "y", "radius", "angle")
        ]
        opacity = np.asarray([share for _, _, _, share in layer], dtype=np.float32)
        paint(frames, in_pixels(Thing(shape, *values), (size, size)), opacity, stills_of_layer)
    frames *= rng.uniform(0.92, 1.08, (len(frames), 1, 1, 1)).astype(np.float32)
    return np.clip(frames, 0, 255).astype(np.uint8)
