"""What training clips ask of a kind of augmentation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Augment(Protocol):
    """A kind of augmentation."""

    def __call__(self, frames: NDArray[np.uint8], size: int, flip: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Frames uint8 (T, H, W, 3) -> the pictures of a training clip, uint8 (T, size, size, 3).

        `flip` is the dataset's permission (false where classes name a side). All that is random comes from `rng`, the
        stream of the clip, from which its frames are drawn already.
        """
