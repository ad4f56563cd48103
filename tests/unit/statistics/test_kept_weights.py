"""The weights of a video are drawn once in a process, however many tables it is tested for."""

import numpy as np
import pytest

from tcclip.params.statistics import load_statistics
from tcclip.statistics import weights

VIDEOS = [f"video{number}" for number in range(20)]


def test_a_second_table_of_the_same_videos_draws_nothing_and_has_the_same_weights(monkeypatch: pytest.MonkeyPatch):
    settings = load_statistics()
    first = weights.unit_weights(settings, "kept once", VIDEOS)

    def refuse(*_: object) -> None:
        raise AssertionError("weights are drawn again")

    monkeypatch.setattr(weights, "_gamma", refuse)
    again = weights.unit_weights(settings, "kept once", VIDEOS[::-1])
    assert np.array_equal(again, first[:, ::-1])
