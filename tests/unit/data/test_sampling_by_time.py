"""Frames by time: the closed form on videos of any length and rate, and what the index of frames says of a video."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcclip.data.clips.sampling.sampling import Sampling, sampling_of
from tcclip.data.videos.timing import Timing, timing_in
from tcclip.params import load_method

SETTINGS = load_method("open_vclip").sampling
INDEX = pd.DataFrame(
    {"fps": [25.0, 30.0, 30.0, 0.0], "container": ["mp4", "avi", "webm", "mov"]}, index=["a", "b", "c", "d"]
)


def of(video: str) -> Sampling:
    return sampling_of(SETTINGS, SimpleNamespace(index=INDEX), video)  # type: ignore[arg-type]


def by_stamps(frames: int, fps: Fraction, ticks: int, T: int, start: Fraction) -> list[int]:
    """docs/spec/systems/open_vclip.md, section 5, in exact numbers."""
    cut = max(1, ceil(Fraction(16 * (T - 1), 30) * fps))
    lowest = next(n for n in range(frames + 2) if n * ticks >= floor(start * ticks))
    highest = min(floor(Fraction(floor((start + cut - 1) * ticks), ticks)) + 1, frames - 1)
    reach = Fraction(16 * T, 30) * fps - 1
    points = [Fraction(j, T - 1) * reach if T > 1 else Fraction(0) for j in range(T)]
    return [lowest + floor(min(point, highest - lowest)) for point in points]


def test_what_the_index_says_of_a_video() -> None:
    assert [timing_in(INDEX, video) for video in "abcd"] == [
        Timing(25.0, 512, True),
        Timing(30.0, 1, True),
        Timing(30.0, 512, False),
        Timing(30.0, 512, True),
    ]


@given(st.integers(1, 400), st.sampled_from([1, 4, 8, 16]), st.integers(1, 4), st.sampled_from(["a", "b"]))
def test_a_test_window_is_the_closed_form(frames: int, T: int, views: int, video: str) -> None:
    timing = timing_in(INDEX, video)
    fps = Fraction(int(timing.fps))
    free = max(frames - max(1, ceil(Fraction(16 * (T - 1), 30) * fps)), 0)
    for view in range(views):
        found = of(video).testing(frames, T, view, views, "deterministic", None)  # type: ignore[arg-type]
        assert found.tolist() == by_stamps(frames, fps, timing.ticks, T, Fraction(free * view, views))


@given(st.integers(1, 400), st.sampled_from([1, 8, 16]), st.sampled_from(list("abcd")), st.integers(0, 99))
def test_frames_of_a_training_are_there_and_in_order(frames: int, T: int, video: str, seed: int) -> None:
    found = of(video).training(frames, T, np.random.default_rng(seed))
    assert len(found) == T and found.min() >= 0 and found.max() < frames and (np.diff(found) >= 0).all()


@pytest.mark.parametrize(("video", "last"), [("a", 299 - 94), ("b", 299 - 112)])
def test_the_end_of_a_long_video_is_never_tested_and_one_view_is_the_first_window(video: str, last: int) -> None:
    views = [of(video).testing(300, 8, view, 3, "paper", None) for view in range(3)]  # type: ignore[arg-type]
    alone = of(video).testing(300, 8, 0, 1, "paper", None)  # type: ignore[arg-type]
    assert np.array_equal(alone, views[0]) and alone[0] == 0
    assert max(view.max() for view in views) < 299 and views[2][0] < last
