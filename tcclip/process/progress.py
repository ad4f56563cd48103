"""Progress of long work on stderr: a bar on a terminal, otherwise a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
EVERY_SECONDS = 15.0  # between two plain lines


def track(items: Sequence[T], label: str, unit: str, bar: bool = True) -> Iterator[T]:
    """Yield `items`; say how many are done, how many per second, and the time left.

    `bar` False: lines on a terminal too, because a bar moves in a thread, which what is being timed would feel.
    """
    if bar and sys.stderr.isatty():
        yield from _bar(items, label)
        return
    start = said = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - said >= EVERY_SECONDS or done == len(items):
            print(_line(label, unit, done, len(items), now - start), file=sys.stderr, flush=True)
            said = now


def _bar(items: Sequence[T], label: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(items, description=label, console=Console(stderr=True), transient=True)


def _line(label: str, unit: str, done: int, total: int, seconds: float) -> str:
    rate = done / max(seconds, 1e-9)
    left = (total - done) / rate
    minutes, rest = divmod(round(left), 60)
    digits = ".1f" if rate >= 1 else ".2g"
    return f"{label}: {done} of {total} {unit}, {rate:{digits}} {unit}/s, {minutes}:{rest:02d} left"
