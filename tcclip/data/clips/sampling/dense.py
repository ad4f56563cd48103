"""T frames at a fixed stride r: a window of r(T-1)+1 frames (methods.md 1.2; systems/vita_clip.md 7.8).

F frames of a video become T of a clip; results are (T,).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tcclip.data.clips.sampling.sampling import Indices, Sampling
from tcclip.params.kinds.sampling.dense import Settings


def make(settings: Settings) -> Sampling:
    """A random window in training, windows from the first to the last possible one in testing."""
    return Sampling(partial(random_window, settings.stride), partial(window, settings.stride))


def random_window(stride: int, frames: int, T: int, rng: np.random.Generator) -> Indices:
    """A window that starts anywhere; a video that is not longer than one window is read from its start.

    There, the last frame on the stride's grid is repeated (a test repeats the last frame of the video).
    """
    steps = stride * np.arange(T)
    reach = stride * (T - 1)  # from the first frame of a window to its last one
    if frames > reach + 1:
        return steps + rng.integers(0, frames - reach)
    return np.minimum(steps, (frames - 1) // stride * stride)


def window(
    stride: int, frames: int, T: int, view: int, views: int, mode: str = "", rng: np.random.Generator | None = None
) -> Indices:
    """Window v of V: the first one at the start, the last one at the end, the only one in the middle.

    A short video lasts a window, its last frame repeated. Starts are rounded, halves to even numbers.
    """
    reach = stride * (T - 1)
    free = max(frames - reach - 1, 0)
    start = free // 2 if views == 1 else round(view * free / (views - 1))
    return np.minimum(start + stride * np.arange(T), frames - 1)
