"""Which frames make a clip, against the formulas of methods.md 1.2 as they are written there."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tcclip.data.clips.sampling.dense import random_window, window
from tcclip.data.clips.sampling.segments import deterministic_view, tsn_center, tsn_random, view_indices
from tcclip.params import load_method
from tcclip.params.kinds.make import make

F = st.integers(1, 700)
T = st.integers(1, 40)
Stride = st.integers(1, 20)


@given(F, T, st.integers(0, 9))
def test_a_random_clip_has_one_frame_of_every_segment(frames: int, count: int, seed: int) -> None:
    indices = tsn_random(frames, count, np.random.default_rng(seed))
    segment = frames // count
    if segment > 0:
        assert all(i * segment <= index < (i + 1) * segment for i, index in enumerate(indices))
    else:
        assert indices.tolist() == [round(i * frames / count) % frames for i in range(count)]
    assert indices.shape == (count,) and indices.min() >= 0 and indices.max() < frames


def test_every_frame_of_a_segment_is_drawn() -> None:
    rng = np.random.default_rng(0)
    seen = {int(tsn_random(50, 16, rng)[2]) for _ in range(100)}
    assert seen == {6, 7, 8}


@given(F, T)
def test_the_centre_clip_is_the_formula(frames: int, count: int) -> None:
    expected = [floor(Fraction(i * frames, count) + Fraction(frames, 2 * count)) for i in range(count)]
    assert tsn_center(frames, count).tolist() == expected
    assert max(expected) < frames


@given(F, T, st.integers(1, 6), st.data())
def test_a_deterministic_view_is_the_formula(frames: int, count: int, views: int, data: st.DataObject) -> None:
    view = data.draw(st.integers(0, views - 1))
    part = Fraction(2 * view + 1, 2 * views)
    expected = [floor(Fraction(i * frames, count) + part * Fraction(frames, count)) for i in range(count)]
    assert deterministic_view(frames, count, view, views).tolist() == expected
    assert max(expected) < frames


@given(F, T)
def test_one_deterministic_view_is_the_centre_clip(frames: int, count: int) -> None:
    assert np.array_equal(deterministic_view(frames, count, 0, 1), tsn_center(frames, count))


def test_views_of_mode_paper_are_independent_draws_and_one_view_is_the_centre() -> None:
    rng, same = np.random.default_rng(5), np.random.default_rng(5)
    first, second = (view_indices(200, 16, view, 2, "paper", rng) for view in range(2))
    assert np.array_equal(first, tsn_random(200, 16, same)) and np.array_equal(second, tsn_random(200, 16, same))
    assert not np.array_equal(first, second)
    assert np.array_equal(view_indices(200, 16, 0, 1, "paper", rng), tsn_center(200, 16))
    assert np.array_equal(view_indices(200, 16, 1, 2, "deterministic", rng), deterministic_view(200, 16, 1, 2))


@given(F, T, Stride, st.integers(0, 9))
def test_a_random_window_has_one_stride_and_lies_anywhere_in_the_video(
    frames: int, count: int, stride: int, seed: int
) -> None:
    indices = random_window(stride, frames, count, np.random.default_rng(seed))
    assert indices.shape == (count,) and indices.min() >= 0 and indices.max() < frames
    if frames > stride * (count - 1) + 1:
        assert (np.diff(indices) == stride).all()
    else:
        there = [i * stride for i in range(count) if i * stride < frames]
        assert indices.tolist() == there + there[-1:] * (count - len(there))


def test_a_random_window_may_start_at_the_first_and_end_at_the_last_frame() -> None:
    rng = np.random.default_rng(0)
    starts = {int(random_window(16, 116, 8, rng)[0]) for _ in range(60)}
    assert starts == {0, 1, 2, 3}


@given(F, T, Stride, st.integers(1, 6))
def test_windows_of_a_test_are_spread_from_the_start_to_the_end(
    frames: int, count: int, stride: int, views: int
) -> None:
    windows = [window(stride, frames, count, view, views) for view in range(views)]
    free = max(frames, stride * (count - 1) + 1) - (stride * (count - 1) + 1)
    starts = [round(Fraction(view * free, views - 1)) for view in range(views)] if views > 1 else [free // 2]
    assert [w.tolist() for w in windows] == [
        [min(start + stride * i, frames - 1) for i in range(count)] for start in starts
    ]


def test_windows_need_no_random_numbers() -> None:
    sampling = make(load_method("vifi_clip", {"sampling": {"kind": "dense", "stride": 4}}).sampling)
    for mode in ("paper", "deterministic"):
        assert sampling.testing(100, 8, 1, 3, mode, None).tolist() == window(4, 100, 8, 1, 3).tolist()
