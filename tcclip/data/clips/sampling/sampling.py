"""What clips ask of a kind of sampling. F frames of a video become T of a clip; indices are (T,)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.frames import FrameSource
from tcclip.data.videos.timing import Timing, timing_in
from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.make import make

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """A kind of sampling."""

    training: Callable[[int, int, np.random.Generator], Indices]  # F, T, stream of the clip
    # F, T, view v of V temporal ones, V, mode of the protocol's views, stream of the view
    testing: Callable[[int, int, int, int, str, np.random.Generator], Indices]


Timed = Callable[[Timing], Sampling]  # a kind that goes by time: its sampling of a video


def sampling_of(settings: Kind, store: FrameSource, video: str) -> Sampling:
    """How frames of one video are chosen."""
    made: Sampling | Timed = make(settings)
    return made if isinstance(made, Sampling) else made(timing_in(store.index, video))
