"""Frames that are chosen by time, as Open-VCLIP and FROSTER read videos, against the golden numbers."""

from __future__ import annotations

import pytest
import system_goldens as systems

from tcclip.data.clips.sampling.sampling import Sampling
from tcclip.data.videos.timing import Timing
from tcclip.params import load_method
from tcclip.params.kinds.make import make

GOLDEN, INFO = systems.load("open_vclip")
METHOD = load_method("open_vclip")


class Drawn:
    """A stream that draws one number."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


def of(timing: Timing) -> Sampling:
    sampling: Sampling = make(METHOD.sampling)(timing)
    return sampling


@pytest.mark.parametrize(("name", "count"), [("sampling", 8), ("sampling16", 16)])
def test_frames_by_time_are_the_authors(name: str, count: int) -> None:
    assert METHOD.sampling.stride == INFO["stride"]
    for case, stored in zip(GOLDEN[f"{name}/case"].tolist(), GOLDEN[f"{name}/indices"].tolist(), strict=True):
        frames, fps, ticks, views, view, u = case
        sampling = of(Timing(fps, int(ticks), told=True))
        if u < 0:
            found = sampling.testing(int(frames), count, int(view), int(views), "paper", None)
        else:
            found = sampling.training(int(frames), count, Drawn(u))
        assert found.tolist() == stored, case


def test_videos_that_do_not_tell_their_duration_have_the_authors_frames() -> None:
    for case, stored in zip(
        GOLDEN["sampling_nodur/case"].tolist(), GOLDEN["sampling_nodur/indices"].tolist(), strict=True
    ):
        frames, fps, views, view = case
        found = of(Timing(fps, 512, told=False)).testing(frames, 8, view, views, "paper", None)
        assert found.tolist() == stored, case
