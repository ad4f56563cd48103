"""The views of a test video: how many there are, and the frames and crops that each shows."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tcclip.data.clips.sampling.sampling import Sampling
from tcclip.data.clips.testing import ViewClips, test_clip
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


class Counted:
    """Frames that are noise, 40 of each video, and how often they are read."""

    def __init__(self, folder: Path) -> None:
        (folder / "index.parquet").touch()
        self.folder, self.index, self.asked = folder, pd.DataFrame(), []

    def __contains__(self, video: str) -> bool:
        return True

    def frames(self, video: str) -> int:
        return 40

    def read(self, video, indices):
        self.asked.append(video)
        noise = np.random.default_rng(len(video)).integers(0, 256, size=(40, 20, 30, 3), dtype=np.uint8)
        return noise[np.asarray(indices)]


def test_frames_of_a_view_are_read_once_for_its_three_crops(tmp_path):
    source, views = Counted(tmp_path), Views(temporal=4, spatial=3, mode="paper")
    clips = ViewClips(source, ["a", "bc"], views, 8, 14, load_method("vifi_clip"), seed=1)
    made = [clips[item] for item in range(len(clips))]
    assert source.asked == ["a"] * 4 + ["bc"] * 4
    for item, (position, clip) in enumerate(made):  # each is what it is alone
        video, view = clips.videos[position], views_of(views)[item % 12]
        shown = frames_of(SEGMENTS, view, views, video, 40, 8, seed=1)
        assert torch.equal(clip, test_clip(source.read(video, shown), 14, "imagenet", view.crop))
