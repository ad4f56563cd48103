"""What recipes with crops at several scales do with a cropped frame: flip, colours, grey, pixel statistics.

One frame goes through all steps before the next: it fits into a processor's cache, and a clip does not. It is uint8
after every step, as in the recipes' source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import torch
from torch import Tensor

from tcclip.data.clips.augmentation import color
from tcclip.data.clips.augmentation.jitter import changed, draw_changes
from tcclip.data.clips.normalising import normalise_into
from tcclip.data.resizing import Picture
from tcclip.params.kinds.augmentation._multi_scale import MultiScale

Crops = Iterable[Picture]  # the frames of a clip one after the other, each (size, size, 3)
Finish = Callable[[Crops], Tensor]  # -> float32 (T, 3, size, size)


def draw_finish(augmentation: MultiScale, T: int, size: int, flip: bool, norm: str, rng: np.random.Generator) -> Finish:
    """What becomes of the T cropped frames of a clip.

    `flip` is the dataset's permission (false where classes name a side), for which not every recipe asks. Drawn once
    per clip: the flip, whether colours are jittered, whether the clip is grey. Once per frame: the strength and order
    of colour changes.
    """
    flipped = rng.random() < augmentation.flip_prob and (flip or augmentation.flip_sided)
    jitter = augmentation.color_jitter
    changes = draw_changes(jitter, T, rng) if rng.random() < jitter.prob else None
    grey = rng.random() < augmentation.gray_prob

    def finish(crops: Crops) -> Tensor:
        clip = np.empty((T, 3, size, size), dtype=np.float32)
        for t, picture in enumerate(crops):
            if flipped:
                picture = cv2.flip(picture, 1)
            if changes:
                picture = changed(picture, changes, t)
            if grey:
                picture = color.grey(picture)
            normalise_into(clip[t], picture, norm)
        return torch.from_numpy(clip)

    return finish
