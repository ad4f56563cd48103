"""Consecutive frames of the video at a rate that is drawn, in training and in a test (systems/a5.md, fact 7).

F frames of a video become T of a clip; results are (T,).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tcclip.data.clips.sampling.sampling import Indices, Sampling
from tcclip.params.kinds.sampling.consecutive import Settings


def make(settings: Settings) -> Sampling:
    """The same draw in training and for every view of a test."""
    return Sampling(partial(drawn, settings.rates), partial(view_indices, settings.rates))


def drawn(rates: list[int], frames: int, T: int, rng: np.random.Generator) -> Indices:
    """T frames in a row, from a random start, of a video thinned at a random rate and from a random offset.

    The last possible start is never drawn: so it is in the published runs. A video of T frames at most is taken whole,
    its last frame repeated.
    """
    rate = rates[rng.integers(0, len(rates))]
    track = thinned(frames, T, rate, int(rng.integers(0, rate)))
    if len(track) <= T:
        return np.minimum(np.arange(T), frames - 1)
    start = int(rng.integers(0, len(track) - T))
    return track[start : start + T]


def thinned(frames: int, T: int, rate: int, offset: int) -> Indices:
    """About every `rate`-th frame from `offset` to the last one, evenly; all frames where that leaves T at most."""
    count = round(frames / rate)  # half to even
    if count <= T:
        return np.arange(frames)
    return np.floor(np.linspace(offset, frames - 1, count)).astype(np.int64)


def view_indices(
    rates: list[int], frames: int, T: int, view: int, views: int, mode: str, rng: np.random.Generator
) -> Indices:
    """The frames of one temporal test view.

    Mode `paper`: one more draw, as the authors test. Mode `deterministic`, which they have not: the middle one of the
    rates, no offset, and starts spread evenly.
    """
    if mode == "paper":
        return drawn(rates, frames, T, rng)
    track = thinned(frames, T, sorted(rates)[len(rates) // 2], 0)
    if len(track) <= T:
        return np.minimum(np.arange(T), frames - 1)
    start = (2 * view + 1) * (len(track) - T) // (2 * views)
    return track[start : start + T]
