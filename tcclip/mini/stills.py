"""Captioned stills on which the small CLIP is pre-trained: one large object, a clean picture, plain words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.backgrounds import TEXTURE
from tcclip.mini.classes import BACKGROUNDS, COLOURS, SHAPES
from tcclip.mini.painting import Thing, paint
from tcclip.mini.scenes import draw, generator

Rng = np.random.Generator

TEMPLATES = ("{name}", "a photo of a {name}.", "a photo of {article} {name}.", "a picture of {article} {name}", "{article} {name}")
CHUNK = 256  # stills of one shape drawn at a time


def _caption(colour: str, shape: str, background: str, rng: Rng) -> str:
    """Words for a still: what is named varies as it does in class names."""
    kind = rng.uniform()
    if background == "plain" or kind < 0.3:
        name = shape if kind < 0.08 else f"{colour} {shape}"
    elif kind < 0.42:
        return draw(rng, (background, f"a photo of {background}.", f"a picture of {background}"))
    else:
        name = f"{colour} {shape} on {background}"
    article = "an" if name[0] in "aeiou" else "a"
    return draw(rng, TEMPLATES).format(name=name, article=article)


def stills(count: int, size: int, seed: int) -> tuple[NDArray[np.uint8], list[str]]:
    """`count` pictures uint8 (count, size, size, 3) and their captions, the same for the same seed."""
    rng = generator(seed, "stills")
    colours = [draw(rng, tuple(COLOURS)) for _ in range(count)]
    shapes = [draw(rng, SHAPES) for _ in range(count)]
    # half of them on a plain ground, where a caption can only be about the object
    grounds = [draw(rng, BACKGROUNDS) if rng.uniform() < 0.6 else "plain" for _ in range(count)]
    captions = [_caption(*words, rng) for words in zip(colours, shapes, grounds, strict=True)]
    pictures = np.empty((count, size, size, 3), dtype=np.uint8)
    for shape in SHAPES:
        chosen = np.asarray([i for i, name in enumerate(shapes) if name == shape], dtype=int)
        for start in range(0, len(chosen), CHUNK):
            part = chosen[start : start + CHUNK]
            pictures[part] = _draw_stills(shape, [colours[i] for i in part], [grounds[i] for i in part], size, rng)
    return pictures, captions


def _draw_stills(shape: str, colours: list[str], grounds: list[str], size: int, rng: Rng) -> NDArray[np.uint8]:
    """Stills (N, size, size, 3) of one shape."""
    n = len(colours)
    frames = np.stack([TEXTURE[ground](size, size, rng) for ground in grounds])
    radius = rng.uniform(0.2, 0.4, n) * size
    room = np.maximum(size / 2 - radius, 0)
    x, y = (size / 2 + rng.uniform(-1, 1, n) * room for _ in range(2))
    colour = np.asarray([COLOURS[name] for name in colours]) + rng.uniform(-12, 12, (n, 3))
    tilt = np.where(rng.uniform(0, 1, n) < 0.5, rng.uniform(-0.3, 0.3, n), rng.uniform(0, 2 * np.pi, n))
    thing = Thing(shape, *(value.astype(np.float32) for value in (colour, x, y, radius, tilt)))
    paint(frames, thing)
    frames *= rng.uniform(0.92, 1.08, (n, 1, 1, 1)).astype(np.float32)
    return np.clip(frames, 0, 255).astype(np.uint8)
