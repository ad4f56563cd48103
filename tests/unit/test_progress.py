"""Progress of long work."""

from __future__ import annotations

import pytest

from tcclip.data import progress
from tcclip.data.progress import track


def test_a_log_gets_the_rate_and_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(track(["a", "b", "c"], "ucf101 frames", "videos")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == [
        "ucf101 frames: 1 of 3 videos, 0.1 videos/s, 0:40 left",
        "ucf101 frames: 3 of 3 videos, 0.1 videos/s, 0:00 left",
    ]
