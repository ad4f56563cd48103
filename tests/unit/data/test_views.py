"""The views of a test video: how many there are, and the frames and crops that each shows."""

import numpy as np

from tcclip.data.clips.sampling.sampling import Sampling
from tcclip.data.clips.views import frames_of, views_of
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.params.protocol import Views

TWO = Views(temporal=2, spatial=1, mode="paper")
SEGMENTS: Sampling = make(load_method("vifi_clip").sampling)


def test_views_are_temporal_times_spatial_and_crops_of_a_temporal_view_show_the_same_frames():
    views = Views(temporal=4, spatial=3, mode="paper")
    expanded = views_of(views)
    assert len(expanded) == 12
    shown = [frames_of(SEGMENTS, view, views, "video", 50, 8, seed=1).tolist() for view in expanded]
    assert shown[0] == shown[1] == shown[2] != shown[3]
    assert [view.crop for view in expanded[:3]] == [0, 1, 2]
    assert [view.crop for view in views_of(TWO)] == [None, None]


def test_random_views_are_fixed_by_seed_video_and_view():
    first, second = views_of(TWO)
    drawn = frames_of(SEGMENTS, first, TWO, "a", 90, 8, seed=1)
    assert np.array_equal(drawn, frames_of(SEGMENTS, first, TWO, "a", 90, 8, seed=1))
    for view, video, seed in ((second, "a", 1), (first, "b", 1), (first, "a", 2)):
        assert not np.array_equal(drawn, frames_of(SEGMENTS, view, TWO, video, 90, 8, seed))


def test_one_view_takes_the_centres_of_the_segments_in_both_modes():
    for mode in ("paper", "deterministic"):
        views = Views(temporal=1, spatial=1, mode=mode)
        assert frames_of(SEGMENTS, views_of(views)[0], views, "video", 40, 4, seed=1).tolist() == [5, 15, 25, 35]
