"""T frames spread over a window of r*T/rate seconds, as seeking by time gives them (docs/spec/systems/open_vclip.md 5).

F frames of a video become T of a clip; results are (T,). The window that is decoded is one stride shorter than the one
that the T points are spread over, so that the last points are clamped: at 30 frames per second 8 frames of stride 16
are 18 apart and the last two 3 or 4. Of a video whose duration is not told the whole is decoded, by another rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from tcclip.data.clips.sampling.sampling import Indices, Sampling, Timed
from tcclip.data.videos.timing import Timing
from tcclip.params.kinds.sampling.dense_by_time import Settings

Start = Callable[[float], float]  # frames that a window may start at beyond the first -> where it starts


def make(settings: Settings) -> Timed:
    """The sampling of a video of a known timing: a random window in training, windows from the start in a test."""

    def of_video(timing: Timing) -> Sampling:
        chosen = partial(window if timing.told else window_of_all, settings, timing)

        def training(frames: int, T: int, rng: np.random.Generator) -> Indices:
            return chosen(frames, T, lambda free: free * rng.random())

        def testing(frames: int, T: int, view: int, views: int, mode: str, rng: np.random.Generator) -> Indices:
            return chosen(frames, T, partial(start_of_view if timing.told else start_in_all, view, views))

        return Sampling(training, testing)

    return of_video


def start_of_view(view: int, views: int, free: float) -> float:
    """v/V of the way: the end of a video is never seen, and the only view is the first window."""
    return free * view / views


def start_in_all(view: int, views: int, free: float) -> float:
    """From the first window to the last, and the middle one where it is the only view."""
    return float(math.floor(free / 2) if views == 1 else view * math.floor(free / (views - 1)))


def window(settings: Settings, timing: Timing, frames: int, T: int, start: Start) -> Indices:
    """The frames of a window that is cut out of a video before points are spread over it."""
    per_frame = timing.fps / settings.rate
    cut = max(1, math.ceil(settings.stride * (T - 1) * per_frame))  # c, frames of the window
    first = start(max(frames - cut, 0))
    lowest = math.ceil(int(first * timing.ticks) / timing.ticks)  # the first one that is not before the truncated start
    highest = min(int((first + cut - 1) * timing.ticks) // timing.ticks + 1, frames - 1)  # one past the end is kept
    points = np.linspace(0, settings.stride * T * per_frame - 1, T)
    return lowest + np.clip(points, 0, highest - lowest).astype(np.int64)


def window_of_all(settings: Settings, timing: Timing, frames: int, T: int, start: Start) -> Indices:
    """The frames of a window of a video that is decoded as a whole."""
    length = max(1.0, settings.stride * T * timing.fps / settings.rate)  # c'
    first = start(max(frames - length, 0))
    return np.clip(np.linspace(first, first + length - 1, T), 0, frames - 1).astype(np.int64)
