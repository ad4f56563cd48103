"""Progress of long work on stderr, with rate and time left: a bar on a terminal, otherwise a plain line now and then.

Of items (`track`, `track_count`), of bytes (`track_bytes`), and of files that several threads receive (`track_files`).
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rich.filesize import decimal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")
EVERY_SECONDS = 15.0  # between two plain lines
SHORTEST = 0.1  # seconds of which a rate says something


def track(items: Sequence[T], label: str, unit: str, bar: bool = True) -> Iterator[T]:
    """Yield `items`; say how many are done, how many per second, and the time left.

    `bar` False: lines on a terminal too, because a bar moves in a thread, which what is being timed would feel.
    """
    if bar and sys.stderr.isatty():
        with _bars(of_bytes=False) as bars:
            yield from bars.track(items, description=label)
        return
    lines = _Lines()
    for done, item in enumerate(items, start=1):
        yield item
        lines.say(functools.partial(_items_line, label, unit, done, len(items)), last=done == len(items))


@contextmanager
def track_count(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how many of `total` items are done by now, where they are done several at a time."""
    if sys.stderr.isatty():
        with _bars(of_bytes=False) as bars:
            task = bars.add_task(label, total=total)
            yield lambda done: bars.update(task, completed=done)
        return
    lines = _Lines()

    def reached(done: int) -> None:
        if done:
            lines.say(functools.partial(_items_line, label, unit, done, total), last=done == total)

    yield reached


@contextmanager
def track_bytes(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how many of about `total` bytes are done."""
    if sys.stderr.isatty():
        with _bars(of_bytes=True) as bars:
            task = bars.add_task(label, total=total)
            yield lambda done: bars.update(task, completed=done)
        return
    lines, latest = _Lines(), 0

    def reached(done: int) -> None:
        nonlocal latest
        latest = done
        lines.say(functools.partial(_bytes_line, label, done, total))

    yield reached
    lines.say(functools.partial(_bytes_line, label, latest, total), last=True)


@contextmanager
def track_files(label: str, files: int) -> Iterator[Meter]:
    """Give a meter for `files` files; on a terminal every one that is on its way has a bar, and all together one."""
    if sys.stderr.isatty():
        with _bars(of_bytes=True) as bars:
            yield Meter(label, files, bars)
    else:
        yield Meter(label, files)


class Meter:
    """Adds up what the transfers of several threads report.

    Sizes that no server has told yet are taken to be the others' mean, so that the time left is known early.
    """

    def __init__(self, label: str, files: int, bars: Progress | None = None) -> None:
        self._label, self._files, self._bars = label, files, bars
        self._lock, self._lines = Lock(), _Lines()
        self._finished = 0
        self._new = 0  # bytes received by this process
        self._have: dict[str, int] = {}
        self._size: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}
        self._all = bars.add_task(label, total=None) if bars else None

    def at(self, name: str, have: int, total: int | None) -> None:
        """`name` has `have` of `total` bytes; its first report says what an earlier process received."""
        with self._lock:
            self._new += max(0, have - self._have.get(name, have))
            self._have[name] = have
            if total is not None:
                self._size[name] = total
            if self._bars:
                if name not in self._tasks:
                    self._tasks[name] = self._bars.add_task(f"  {name}", total=None)
                self._bars.update(self._tasks[name], completed=have, total=total)
            self._say()

    def done(self, name: str) -> None:
        """`name` is complete and verified."""
        with self._lock:
            self._finished += 1
            if self._bars and name in self._tasks:
                self._bars.remove_task(self._tasks.pop(name))
            self._say(last=self._finished == self._files)

    def _say(self, last: bool = False) -> None:
        if self._bars and self._all is not None:
            text = f"{self._label}: {self._finished} of {self._files} files"
            have = sum(self._have.values())
            self._bars.update(self._all, description=text, completed=have, total=self._expected() or None)
        else:
            self._lines.say(self._line, last)

    def _line(self, seconds: float) -> str:
        have, expected = sum(self._have.values()), self._expected()
        rate = self._new / max(seconds, 1e-9)
        about = "about " if len(self._size) < self._files else ""
        left = _clock((expected - have) / rate) if rate else "unknown time"
        return (
            f"{self._label}: {self._finished} of {self._files} files, {decimal(have)} of {about}{decimal(expected)}, "
            f"{decimal(round(rate))}/s, {left} left"
        )

    def _expected(self) -> int:
        """Bytes of all files; unknown ones are as large as the others are on average."""
        known = self._size.values()
        return round(sum(known) / len(known) * self._files) if known else 0


class _Lines:
    """Prints a line now and then."""

    def __init__(self) -> None:
        self._start = self._said = time.monotonic()

    def say(self, line: Callable[[float], str], last: bool = False) -> None:
        """Print `line` of the seconds since the start, if it is the last one or the one before is old."""
        now = time.monotonic()
        if last or now - self._said >= EVERY_SECONDS:
            print(line(now - self._start), file=sys.stderr, flush=True)
            self._said = now


@contextmanager
def _bars(of_bytes: bool) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    name = TextColumn("{task.description}", markup=False)  # brackets in a file name are no markup
    numbers = (DownloadColumn(), TransferSpeedColumn()) if of_bytes else (TaskProgressColumn(show_speed=True),)
    columns = (name, BarColumn(), *numbers, TimeRemainingColumn(elapsed_when_finished=not of_bytes))
    shared = sys.stdout.isatty()  # what is printed there must not run into the bars; elsewhere it stays where it goes
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=shared) as bars:
        yield bars


def _items_line(label: str, unit: str, done: int, total: int, seconds: float) -> str:
    line = f"{label}: {done} of {total} {unit if total != 1 else unit.removesuffix('s')}"
    if seconds < SHORTEST:
        return line
    rate = done / seconds
    digits = ".1f" if rate >= 1 else ".2g"
    return f"{line}, {rate:{digits}} {unit}/s, {_clock((total - done) / rate)} left"


def _bytes_line(label: str, done: int, total: int, seconds: float) -> str:
    rate = max(done, 1) / max(seconds, 1e-9)
    left = _clock((total - done) / rate)
    return f"{label}: {done / 1e9:.1f} of {total / 1e9:.1f} GB, {rate / 1e6:.1f} MB/s, {left} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
