"""Progress of work that is measured in bytes.

Apart from progress.py, because the frames depend on that file's code.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tcclip.process.progress import EVERY_SECONDS


@contextmanager
def track_bytes(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how many of about `total` bytes are done; it says so, with MB/s and the time left."""
    with (_bytes_bar if sys.stderr.isatty() else _bytes_lines)(label, total) as reached:
        yield reached


@contextmanager
def _bytes_lines(label: str, total: int) -> Iterator[Callable[[int], None]]:
    start = said = time.monotonic()
    latest = 0

    def reached(done: int) -> None:
        nonlocal said, latest
        now, latest = time.monotonic(), done
        if now - said >= EVERY_SECONDS:
            print(_bytes_line(label, done, total, now - start), file=sys.stderr, flush=True)
            said = now

    yield reached
    print(_bytes_line(label, latest, total, time.monotonic() - start), file=sys.stderr, flush=True)


@contextmanager
def _bytes_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def _bytes_line(label: str, done: int, total: int, seconds: float) -> str:
    rate = max(done, 1) / max(seconds, 1e-9)
    minutes, rest = divmod(round(max(total - done, 0) / rate), 60)
    return f"{label}: {done / 1e9:.1f} of {total / 1e9:.1f} GB, {rate / 1e6:.1f} MB/s, {minutes}:{rest:02d} left"
