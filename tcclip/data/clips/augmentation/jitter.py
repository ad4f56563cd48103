"""Changes of colour that are drawn for each frame of a clip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation import color
from tcclip.data.resizing import Picture
from tcclip.params.kinds.augmentation._multi_scale import ColorJitter

CHANGES = (color.brightness, color.contrast, color.saturation, color.hue)


class ColorChanges(NamedTuple):
    """The changes of colour of a clip's frames."""

    strength: NDArray[np.float64]  # (4, T): the factor of every change of CHANGES
    order: NDArray[np.int64]  # (T, 4): frame t's i-th change


def draw_changes(params: ColorJitter, T: int, rng: np.random.Generator) -> ColorChanges:
    """Brightness, contrast, saturation and hue for each of T frames by its own factors, in its own order.

    The order is drawn as torchvision's ColorJitter draws it; the recipe's source applies that operator frame by frame.
    """
    spans = [params.brightness, params.contrast, params.saturation]
    factors = [rng.uniform(max(0, 1 - span), 1 + span, size=T) for span in spans]
    factors.append(rng.uniform(-params.hue, params.hue, size=T))
    order = rng.permuted(np.tile(np.arange(len(CHANGES)), (T, 1)), axis=1)
    return ColorChanges(np.stack(factors), order)


def changed(picture: Picture, changes: ColorChanges, t: int) -> Picture:
    """Frame `t` after its changes of colour."""
    for number in changes.order[t]:
        picture = CHANGES[number](picture, float(changes.strength[number, t]))
    return picture
