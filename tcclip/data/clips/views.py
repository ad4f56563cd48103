"""Views of a test video: which frames and which crop (methods.md 1.2, 1.6, 8.6)."""

from __future__ import annotations

from dataclasses import dataclass

from tcclip.data.clips.sampling.sampling import Indices, Sampling
from tcclip.params.protocol import Views
from tcclip.process.rng import generator


@dataclass(frozen=True)
class View:
    """One forward pass of a video."""

    temporal: int  # which of the draws of frames
    crop: int | None  # None: centre; 0, 1, 2: start, end, middle of the long side


def views_of(views: Views) -> list[View]:
    """All views, temporal ones outside: the crops of a temporal view show the same frames."""
    crops: list[int | None] = [None] if views.spatial == 1 else [0, 1, 2]
    return [View(temporal, crop) for temporal in range(views.temporal) for crop in crops]


def frames_of(sampling: Sampling, view: View, views: Views, video: str, frames: int, count: int, seed: int) -> Indices:
    """Frame indices (count,) of a view of a video with `frames` frames.

    What is random in a view is the same for the same seed, video and temporal view.
    """
    rng = generator(seed, "view", video, view.temporal)
    return sampling.testing(frames, count, view.temporal, views.temporal, views.mode, rng)
