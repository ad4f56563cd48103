"""One frame of each of T segments that together are the whole video (methods.md 1.2; systems/action_clip.md, 7.8).

F frames of a video become T of a clip; results are (T,). `segments` leaves out the frames behind T * (F // T).
"""

from __future__ import annotations

import numpy as np

from tcclip.data.clips.sampling.sampling import Indices, Sampling
from tcclip.params.kinds.sampling.proportional import Settings


def make(settings: Settings) -> Sampling:
    """Random frames in training unless the settings say otherwise, centres or more random frames in testing."""
    if settings.training == "random":
        return Sampling(random_frames, view_indices)
    return Sampling(lambda frames, T, rng: spread(frames, T), view_indices)


def random_frames(frames: int, T: int, rng: np.random.Generator) -> Indices:
    """One random frame of each segment i*F//T .. (i+1)*F//T - 1; a video that is not longer than T repeats some."""
    if frames <= T:
        repeated = rng.integers(0, frames, size=T - frames)
        return np.sort(np.concatenate([np.arange(frames), repeated]))
    edges = np.arange(T + 1) * frames // T
    return rng.integers(edges[:-1], edges[1:])


def spread(frames: int, T: int, view: int = 0, views: int = 1) -> Indices:
    """trunc(i F/T + (F/T - 1)/2): up to half a frame before a segment's middle, in integers; i*F//T where F <= T.

    View v of V is our own extension: (v + 0.5)/V of the way through a segment in the place of its half.
    """
    if frames <= T:
        return np.arange(T) * frames // T
    return (2 * views * np.arange(T) * frames + (2 * view + 1) * (frames - T)) // (2 * views * T)


def view_indices(frames: int, T: int, view: int, views: int, mode: str, rng: np.random.Generator) -> Indices:
    """The frames of one temporal test view.

    The authors released a test of one view. Open choice for more (as `segments`): mode `paper` draws every view as in
    training, mode `deterministic` spreads the views evenly and leaves `rng` alone.
    """
    if mode == "deterministic" or views == 1:
        return spread(frames, T, view, views)
    return random_frames(frames, T, rng)
