"""`tcclip data bench` on a few small videos: every line is there, and the numbers belong together."""

from __future__ import annotations

import re

from typer.testing import CliRunner

from tcclip.bench import reading
from tcclip.cli.app import app

OPTIONS = "--videos 1 --seconds 1 --clips 2 --frames 2 --size 32 --short-side 40"


def test_extraction_loading_single_frames_and_memory_are_measured() -> None:
    done = CliRunner().invoke(app, ["data", "bench", *OPTIONS.split()])
    assert done.exit_code == 0, done.output
    for pattern in (
        r"extraction: [\d.]+ videos/s per core; decoding alone [\d.]+, which is \d+ % of it",
        r"a stored frame has [\d.]+ kB",
        r"loading, shards: [\d.]+ clips/s per core; JPEG decoding alone",
        r"loading, online: [\d.]+ clips/s per core; video decoding alone",
        r"loading from shards is [\d.]+ times as fast as online",
        r"test clips, shards: [\d.]+ clips/s per core; one of three crops [\d.]+",
        r"one random frame, shards: [\d.]+ ms",
        r"memory of a loader worker that it does not share with its parent, online: \d+ MB",
    ):
        assert re.search(pattern, done.output), pattern


def test_works_take_turns_after_a_warm_up() -> None:
    calls: list[str] = []
    seconds = reading._seconds([lambda i: calls.append(f"a{i}"), lambda i: calls.append(f"b{i}")], 2)
    assert calls == ["a0", "b0", "a0", "b0", "a1", "b1"]
    assert len(seconds) == 2 and min(seconds) >= 0
