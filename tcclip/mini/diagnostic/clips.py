"""A diagnostic video: a large thing in the middle of the frames that show it, and for some parts distractors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcclip.mini.cameras import WARM
from tcclip.mini.classes import COLOURS, SHAPES
from tcclip.mini.diagnostic.parts import FRAMES, NOTHING, DiagnosticPart, Sequence
from tcclip.mini.painting import Thing
from tcclip.mini.scenes import Camera, Pixels, Rng, Scene, draw, setting, stream

Array = NDArray[np.float32]

CAMERA = Camera(  # nothing of it says which frame is which
    sizes=((64, 64),),
    frames=(FRAMES, FRAMES),
    rates=(8,),
    radius=(0.32, 0.4),
    distractors=(0, 0),
    noise=(2, 6),
    light=0,
    wander=0,
    haze=(0, 0),
    haze_colour=WARM,
    soft=0,
)
ELSEWHERE = 10.0  # short sides from the centre: outside the picture


def frames(part: DiagnosticPart, side: int, rng: Rng) -> Pixels:
    """Frames uint8 (T, H, W, 3) of a video of one class, whose sequence is drawn."""
    sequences = part.sides[side].sequences
    return shown(part, sequences[int(rng.integers(len(sequences)))], rng)


def shown(part: DiagnosticPart, sequence: Sequence, rng: Rng) -> Pixels:
    """Frames uint8 (T, H, W, 3) that show `sequence`; the rest is drawn."""
    where = setting(CAMERA, "plain", rng)
    others = [_distractor(rng) for _ in range(part.distractors)]
    x, y = rng.uniform(-0.07, 0.07, 2)
    radius, angle = rng.uniform(*CAMERA.radius) * (0.8 if part.distractors else 1), rng.uniform(-0.2, 0.2)
    things = [_thing(name, sequence, x, y, radius, angle) for name in sorted({*sequence} - {NOTHING})]
    time = np.linspace(0, 1, FRAMES, dtype=np.float32)
    return Scene(things, others, where, CAMERA, time, rng).frames()


def _thing(name: str, sequence: Sequence, x: float, y: float, radius: float, angle: float) -> Thing:
    """A thing where the frames show it, and elsewhere where they do not."""
    colour, shape = name.split()
    still = np.ones(FRAMES, dtype=np.float32)
    here = np.asarray([shown == name for shown in sequence])
    across = np.where(here, x, ELSEWHERE).astype(np.float32)
    return Thing(shape, _shades(colour), across, y * still, radius * still, angle * still)


def _distractor(rng: Rng) -> Thing:
    """A small shape that crosses the picture in any direction and comes back at the other side.

    At each moment it is equally likely anywhere, so that no frame says when it is seen.
    """
    start, step = rng.uniform(0, 1, 2), rng.uniform(-0.2, 0.2, 2)
    at = (start[:, None] + step[:, None] * np.arange(FRAMES)) % 1 - 0.5
    still = np.ones(FRAMES, dtype=np.float32)
    shape = draw(rng, [name for name in SHAPES if name != "cross"])
    colour = draw(rng, [name for name in COLOURS if name not in ("yellow", "blue")])
    return Thing(shape, _shades(colour), at[0].astype(np.float32), at[1].astype(np.float32), 0.09 * still, 0 * still)


def _shades(colour: str) -> Array:
    return np.tile(np.asarray(COLOURS[colour], dtype=np.float32), (FRAMES, 1))


def clip(part: DiagnosticPart, side: int, seed: int, index: int) -> Pixels:
    """Clip `index` of a class: the same for the same seed, in any order of calls."""
    return frames(part, side, stream(seed, "diagnostic", part.name, side, index))
