"""What recipes with crops at several scales do with a cropped frame: flip, colours, grey.

One frame goes through all steps before the next: it fits into a processor's cache, and a clip does not. It is uint8
after every step, as in the recipes' source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.augmentation import color
from tcclip.data.clips.augmentation.jitter import changed, draw_changes
from tcclip.data.resizing import Picture
from tcclip.params.kinds.augmentation._multi_scale import MultiScale

Crops = Iterable[Picture]  # the frames of a clip one after the other, each (size, size, 3)
Finish = Callable[[Crops], NDArray[np.uint8]]  # -> (T, size, size, 3)


def draw_finish(augmentation: MultiScale, T: int, flip: bool, rng: np.random.Generator) -> Finish:
    """What becomes of the T cropped frames of a clip.

    `flip` is the dataset's permission (false where classes name a side), for which not every recipe asks. Drawn once
    per clip: the flip, whether colours are jittered, whether the clip is grey. Once per frame: the strength and order
    of colour changes.
    """
    flipped = rng.random() < augmentation.flip_prob and (flip or augmentation.flip_sided)
    jitter = augmentation.color_jitter
    changes = draw_changes(jitter, T, rng) if rng.random() < jitter.prob else None
    grey = rng.random() < augmentation.gray_prob

    def finished(picture: Picture, t: int) -> Picture:
        if flipped:
            picture = cv2.flip(picture, 1)
        if changes:
            picture = changed(picture, changes, t)
        return color.grey(picture) if grey else picture

    def finish(crops: Crops) -> NDArray[np.uint8]:
        return np.stack([finished(picture, t) for t, picture in enumerate(crops)])

    return finish
