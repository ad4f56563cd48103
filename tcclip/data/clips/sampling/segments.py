"""One frame of each of T equal segments (methods.md 1.2). F frames of a video become T of a clip; results are (T,)."""

from __future__ import annotations

import numpy as np

from tcclip.data.clips.sampling.sampling import Indices, Sampling
from tcclip.params.kinds.sampling.segments import Settings


def make(settings: Settings) -> Sampling:
    """Random frames in training, centres or more random frames in testing."""
    return Sampling(tsn_random, view_indices)


def tsn_random(frames: int, T: int, rng: np.random.Generator) -> Indices:
    """One random frame in each of T equal segments; a video shorter than T frames is stretched without randomness."""
    segment = frames // T
    if segment > 0:
        return np.arange(T) * segment + rng.integers(0, segment, size=T)
    return np.round(np.arange(T) * frames / T).astype(np.int64) % frames


def tsn_center(frames: int, T: int) -> Indices:
    """The middle of each of T equal segments: floor(i F/T + F/(2T)), in integers, free of rounding errors."""
    return (2 * np.arange(T) + 1) * frames // (2 * T)


def deterministic_view(frames: int, T: int, view: int, views: int) -> Indices:
    """View v of V, evenly spread: floor(i F/T + (v + 0.5)/V * F/T), in integers."""
    return (2 * views * np.arange(T) + 2 * view + 1) * frames // (2 * views * T)


def view_indices(frames: int, T: int, view: int, views: int, mode: str, rng: np.random.Generator) -> Indices:
    """The frames of one temporal test view.

    Mode `paper` follows the authors: segment centres for a single view, otherwise every view is one more random draw.
    Mode `deterministic` spreads the views evenly and leaves `rng` alone.
    """
    if mode == "deterministic":
        return deterministic_view(frames, T, view, views)
    return tsn_center(frames, T) if views == 1 else tsn_random(frames, T, rng)
