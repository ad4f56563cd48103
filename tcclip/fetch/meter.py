"""Progress of a download of many files: files, bytes, rate and time left.

A bar per file on a terminal, otherwise a plain line now and then. Sizes that no server has told yet are taken to be the
others' mean, so that the time left is known early.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from threading import Lock

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tcclip.process.progress import EVERY_SECONDS


class Meter:
    """Adds up what the transfers of several threads report."""

    def __init__(self, label: str, files: int, bars: Progress | None = None) -> None:
        self._label, self._files, self._bars = label, files, bars
        self._lock = Lock()
        self._started = self._said = time.monotonic()
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
            self._say(last=False)

    def done(self, name: str) -> None:
        """`name` is complete and verified."""
        with self._lock:
            self._finished += 1
            if self._bars and name in self._tasks:
                self._bars.remove_task(self._tasks.pop(name))
            self._say(last=self._finished == self._files)

    def line(self) -> str:
        """The state in one line."""
        have, expected = sum(self._have.values()), self._expected()
        rate = self._new / max(time.monotonic() - self._started, 1e-9)
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

    def _say(self, last: bool) -> None:
        now = time.monotonic()
        if self._bars and self._all is not None:
            text = f"{self._label}: {self._finished} of {self._files} files"
            have = sum(self._have.values())
            self._bars.update(self._all, description=text, completed=have, total=self._expected() or None)
        elif last or now - self._said >= EVERY_SECONDS:
            print(self.line(), file=sys.stderr, flush=True)
            self._said = now


@contextlib.contextmanager
def metered(label: str, files: int) -> Iterator[Meter]:
    """A meter for `files` files, shown on stderr while the block runs."""
    if not sys.stderr.isatty():
        yield Meter(label, files)
        return
    name = TextColumn("{task.description}", markup=False)  # brackets in a file name are no markup
    columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Meter(label, files, bars)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
