"""Which frames make a clip, against the formulas of methods.md 1.2 as they are written there."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcclip.data.clips.sampling import proportional
from tcclip.data.clips.sampling.consecutive import drawn
from tcclip.data.clips.sampling.consecutive import view_indices as view_of_consecutive
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
    assert set(tsn_random(50, 16, rng) - 3 * np.arange(16)) == {0, 1, 2}  # by itself in each segment


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
    for frames in (114, 116):  # a window has 113
        starts = {int(random_window(16, frames, 8, rng)[0]) for _ in range(60)}
        assert starts == set(range(frames - 112))


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


@given(F, T, st.integers(0, 9))
def test_proportional_segments_leave_no_frame_out_and_a_short_video_shows_all_of_its(
    frames: int, count: int, seed: int
) -> None:
    indices = proportional.random_frames(frames, count, np.random.default_rng(seed)).tolist()
    assert len(indices) == count and indices == sorted(indices)
    if frames > count:
        edges = [floor(Fraction(i * frames, count)) for i in range(count + 1)]
        assert all(edges[i] <= index < edges[i + 1] for i, index in enumerate(indices))
    else:
        assert set(indices) == set(range(frames))


def test_every_frame_of_a_proportional_segment_is_drawn_and_every_frame_of_a_short_video_repeated() -> None:
    rng = np.random.default_rng(0)
    assert {int(proportional.random_frames(50, 16, rng)[15]) for _ in range(80)} == {46, 47, 48, 49}
    assert {int(proportional.random_frames(3, 4, rng).sum()) - 3 for _ in range(80)} == {0, 1, 2}


@given(F, T, st.integers(1, 6), st.data())
def test_a_proportional_view_is_the_formula(frames: int, count: int, views: int, data: st.DataObject) -> None:
    view = data.draw(st.integers(0, views - 1))
    inside = Fraction(2 * view + 1, 2 * views) * (Fraction(frames, count) - 1) if frames > count else 0
    expected = [floor(Fraction(i * frames, count) + inside) for i in range(count)]
    none = np.random.default_rng(0)
    assert proportional.view_indices(frames, count, view, views, "deterministic", none).tolist() == expected


def test_proportional_views_of_mode_paper_are_draws_and_one_view_is_none() -> None:
    rng, same = np.random.default_rng(5), np.random.default_rng(5)
    assert np.array_equal(proportional.view_indices(200, 16, 0, 1, "paper", rng), proportional.spread(200, 16))
    for view in range(2):
        drawn_again = proportional.random_frames(200, 16, same)
        assert np.array_equal(proportional.view_indices(200, 16, view, 2, "paper", rng), drawn_again)


def test_a_proportional_training_may_show_the_frames_of_a_test() -> None:
    for training, test in (("random", False), ("centre", True)):
        sampling = make(load_method("action_clip", {"sampling.training": training}).sampling)
        shown = sampling.training(200, 16, np.random.default_rng(1))
        assert np.array_equal(shown, proportional.spread(200, 16)) == test


RATES = [1, 2, 3, 3, 3, 4]


def consecutive(frames: int, count: int, rate: int, offset: int, start: int) -> list[int]:
    """docs/spec/systems/a5.md, fact 7, step by step."""
    if frames <= count:
        return list(range(frames)) + [frames - 1] * (count - frames)
    thinned = [floor(place) for place in np.linspace(offset, frames - 1, round(frames / rate))]
    if len(thinned) <= count:
        thinned = list(range(frames))
    return thinned[start : start + count]


@given(F, T, st.integers(0, 99))
def test_frames_in_a_row_are_those_of_some_rate_offset_and_start(frames: int, count: int, seed: int) -> None:
    indices = drawn(RATES, frames, count, np.random.default_rng(seed)).tolist()
    rng = np.random.default_rng(seed)
    rate = RATES[rng.integers(0, 6)]
    offset = int(rng.integers(0, rate))
    length = round(frames / rate) if round(frames / rate) > count else frames
    start = int(rng.integers(0, length - count)) if frames > count else 0
    assert indices == consecutive(frames, count, rate, offset, start)


@pytest.mark.parametrize(("frames", "step"), [(47, 1), (48, 1), (50, 3)])  # 16, 16 and 17 frames at rate 3
def test_a_video_that_is_thinned_to_as_many_frames_as_a_clip_has_is_not_thinned(frames: int, step: int) -> None:
    for seed in range(5):
        assert round(np.ptp(drawn([3], frames, 16, np.random.default_rng(seed))) / 15) == step


def test_rates_are_drawn_as_often_as_they_are_listed_and_the_last_start_never() -> None:
    rng = np.random.default_rng(0)
    spans = np.array([np.ptp(drawn(RATES, 800, 101, rng)) for _ in range(1200)]) / 100  # of a step, about the rate
    assert np.abs([(np.round(spans) == rate).mean() - RATES.count(rate) / 6 for rate in (1, 2, 3, 4)]).max() < 0.04
    ends = {int(drawn([1], 20, 16, rng)[-1]) for _ in range(200)}
    assert ends == {15, 16, 17, 18}


@given(F, T, st.integers(1, 5))
def test_deterministic_views_of_frames_in_a_row_are_at_the_middle_rate_and_spread(
    frames: int, count: int, views: int
) -> None:
    none = np.random.default_rng(0)
    found = [view_of_consecutive(RATES, frames, count, v, views, "deterministic", none).tolist() for v in range(views)]
    thinned = round(frames / 3)
    length = thinned if thinned > count else frames
    for view, indices in enumerate(found):
        start = floor(Fraction(2 * view + 1, 2 * views) * (length - count)) if frames > count else 0
        assert indices == consecutive(frames, count, 3, 0, start)


def test_the_middle_rate_is_that_of_the_ordered_ones() -> None:
    views = [
        view_of_consecutive(rates, 200, 16, 0, 1, "deterministic", np.random.default_rng(0))
        for rates in ([3, 1, 2], [2])
    ]
    assert np.array_equal(*views)


def test_every_view_of_mode_paper_is_one_more_draw_of_frames_in_a_row_also_a_single_one() -> None:
    rng, same = np.random.default_rng(5), np.random.default_rng(5)
    for view, views in ((0, 1), (0, 5), (4, 5)):
        found = view_of_consecutive(RATES, 200, 16, view, views, "paper", rng)
        assert np.array_equal(found, drawn(RATES, 200, 16, same))
