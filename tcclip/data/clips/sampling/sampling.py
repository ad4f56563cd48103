"""What clips ask of a kind of sampling. F frames of a video become T of a clip; indices are (T,)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """A kind of sampling."""

    training: Callable[[int, int, np.random.Generator], Indices]  # F, T, stream of the clip
    # F, T, view v of V temporal ones, V, mode of the protocol's views, stream of the view
    testing: Callable[[int, int, int, int, str, np.random.Generator], Indices]
