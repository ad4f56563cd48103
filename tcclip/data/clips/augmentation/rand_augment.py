"""RandAugment (Cubuk et al. 2020) with the operations whose effect grows with their magnitude, on uint8 pictures.

Which operations, and how far each goes at magnitude 10, is what the usual implementations have in common; Recipe V says
how they are drawn (methods.md 1.3). Pillow computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from tcclip.data.resizing import Picture
from tcclip.params.kinds.augmentation.v import RandAugment

MOST = 10.0  # the largest magnitude
FILL = (128, 128, 128)  # of what comes from outside of the picture
HOW = Image.Resampling.BICUBIC
ENHANCED = 0.9  # how far from 1 a factor of colour, contrast, brightness or sharpness is at most
DEGREES = 30.0
SHEAR = 0.3  # pixels for each pixel away from the edge
SHIFT = 0.45  # of the picture's side
ADDED = 110  # grey levels
MIDDLE = 128  # a grey level

Change = Callable[[Image.Image, float], Image.Image]  # a picture, strength from -1 to 1 -> a picture


class Operation(NamedTuple):
    """One that a clip's frames go through."""

    name: str  # of OPERATIONS
    strength: float  # magnitude over the largest one, with the sign of the direction


def draw_operations(params: RandAugment, rng: np.random.Generator) -> list[Operation]:
    """The operations of a clip, in their order; each has a strength and a direction of its own."""
    names = list(OPERATIONS)
    drawn = []
    for number in rng.integers(0, len(names), size=params.count):
        applied, sign = rng.random() < params.prob, 1 if rng.random() < 0.5 else -1
        magnitude = float(np.clip(rng.normal(params.magnitude, params.deviation), 0, MOST))
        if applied:
            drawn.append(Operation(names[number], sign * magnitude / MOST))
    return drawn


def operated(picture: Picture, operations: list[Operation]) -> Picture:
    """A picture (H, W, 3) after the operations."""
    if not operations:
        return picture
    image = Image.fromarray(picture)
    for operation in operations:
        image = OPERATIONS[operation.name](image, operation.strength)
    return np.asarray(image)


def _enhanced(enhance: Callable[[Image.Image], Any]) -> Change:
    return lambda image, strength: enhance(image).enhance(1 + ENHANCED * strength)


def _moved(matrix: Callable[[Image.Image, float], tuple[float, ...]]) -> Change:
    return lambda image, strength: image.transform(
        image.size, Image.Transform.AFFINE, matrix(image, strength), HOW, fillcolor=FILL
    )


def _solarized_above(image: Image.Image, strength: float) -> Image.Image:
    """Grey levels from a threshold on are turned around; at full strength all are."""
    return ImageOps.solarize(image, 256 - int(256 * abs(strength)))


def _solarized_by_adding(image: Image.Image, strength: float) -> Image.Image:
    """Grey levels below the middle get brighter."""
    added = int(ADDED * abs(strength))
    return image.point([min(level + added, 255) if level < MIDDLE else level for level in range(256)] * 3)


def _posterized(image: Image.Image, strength: float) -> Image.Image:
    """Four bits of a grey level remain at strength 0, none at full strength."""
    bits = 4 - int(4 * abs(strength))
    return ImageOps.posterize(image, bits) if bits else image.point([0] * 256 * 3)


OPERATIONS: dict[str, Change] = {
    "auto_contrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "invert": lambda image, _: ImageOps.invert(image),
    "rotate": lambda image, strength: image.rotate(DEGREES * strength, HOW, fillcolor=FILL),
    "posterize": _posterized,
    "solarize": _solarized_above,
    "solarize_add": _solarized_by_adding,
    "color": _enhanced(ImageEnhance.Color),
    "contrast": _enhanced(ImageEnhance.Contrast),
    "brightness": _enhanced(ImageEnhance.Brightness),
    "sharpness": _enhanced(ImageEnhance.Sharpness),
    "shear_x": _moved(lambda image, strength: (1, SHEAR * strength, 0, 0, 1, 0)),
    "shear_y": _moved(lambda image, strength: (1, 0, 0, SHEAR * strength, 1, 0)),
    "translate_x": _moved(lambda image, strength: (1, 0, SHIFT * strength * image.width, 0, 1, 0)),
    "translate_y": _moved(lambda image, strength: (1, 0, 0, 0, 1, SHIFT * strength * image.height)),
}
