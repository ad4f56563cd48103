"""Progress of long work."""

from __future__ import annotations

import pytest

from tcclip.process import progress
from tcclip.process.progress import track, track_bytes, track_count


def test_a_log_gets_the_rate_and_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(track(["a", "b", "c"], "ucf101 frames", "videos")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == [
        "ucf101 frames: 1 of 3 videos, 0.05 videos/s, 0:40 left",
        "ucf101 frames: 3 of 3 videos, 0.075 videos/s, 0:00 left",
    ]


def test_what_is_done_at_once_has_no_rate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0001])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with track_count("predictions", 1, "videos") as done:
        done(1)
    assert capsys.readouterr().err == "predictions: 1 of 1 video\n"


def test_bytes_are_counted_against_a_total_that_is_an_estimate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 20.0, 30.0, 40.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with track_bytes("unpacking k400", 4_000_000_000) as reached:
        for done in (1, 1_000_000_000, 4_100_000_000):
            reached(done)
    assert capsys.readouterr().err.splitlines() == [
        "unpacking k400: 1.0 of 4.0 GB, 50.0 MB/s, 1:00 left",
        "unpacking k400: 4.1 of 4.0 GB, 102.5 MB/s, 0:00 left",
    ]
