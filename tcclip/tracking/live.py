"""A training as it runs: samples of its machine into its folder and, beside a server, everything into MLflow at once.

The training itself never talks to the server. It writes lines into the pipe of a small process (`reporter`) that does,
so that a slow or absent server costs a training nothing, and that marks the run as KILLED when the training is gone.
Imports no mlflow.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tcclip.plan.layout import STATE
from tcclip.process.log import log
from tcclip.tracking import checkout
from tcclip.tracking.address import credentials, is_server, tracking_uri
from tcclip.tracking.description import NOT_CURVES, params_shown, training_key
from tcclip.tracking.entry import Point, milliseconds
from tcclip.tracking.system import COLUMNS, SYSTEM, SystemFile, Usage

Row = Mapping[str, Any]  # of history.csv
Watch = Callable[[Sequence[Row]], None]  # takes all rows that there are, after every epoch and after resuming
FAREWELL_SECONDS = 20.0  # for the reporter to hand over the rest; the run's folder has everything anyway
UNHEARD_SECONDS = 2.0  # for a reporter that has not reached the server so far


@contextlib.contextmanager
def watched(folder: Path, params: Mapping[str, Any], tags: Mapping[str, str], seconds: float) -> Iterator[Watch]:
    """Watch the training of the run in `folder`; gives what is to be called at its start and after each epoch.

    Of several processes the first one alone is to do it.

    Args:
        params: the content of the run's params.yaml.
        tags: what the plan knows of the run.
        seconds: between two samples.
    """
    watching = _Watching(folder, opening(folder.name, params, tags), seconds)
    try:
        yield watching.rows
    except (KeyboardInterrupt, SystemExit):
        watching.end("KILLED")
        raise
    except BaseException:
        watching.end("FAILED")
        raise
    watching.end("FINISHED")


def opening(name: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """What the reporter needs to find or make the run's entry."""
    own = psutil.Process()
    place = {"host": platform.node(), "process": f"{own.pid}@{own.create_time():.0f}"}
    place |= {checkout.TAG: checkout.own()} if is_server(tracking_uri()) else {}  # nobody else sees a training live
    key = training_key(params)
    return {
        "experiment": tags["suite"],
        "run": name,
        "training": key,
        "tags": {**tags, **place, "run": name, "training": key},
        "params": params_shown(params),
    }


def points_of(row: Row, now: int) -> list[Point]:
    """The numbers of a row of history.csv; epochs are counted from 1."""
    return [
        Point(name, float(value), now, int(row["epoch"]) + 1)
        for name, value in row.items()
        if name not in NOT_CURVES and value is not None
    ]


class _Watching:
    """One sitting of a training. It begins with the first call of `rows`, when the training holds its folder."""

    def __init__(self, folder: Path, first: Mapping[str, Any], seconds: float) -> None:
        self._folder, self._first, self._seconds = folder, first, seconds
        self._reporter: _Reporter | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._seen = 0

    def rows(self, rows: Sequence[Row]) -> None:
        """Pass on the rows that are new."""
        if self._thread is None:
            self._begin()
        now = milliseconds()
        self._send([point for row in rows[self._seen :] for point in points_of(row, now)])
        self._seen = len(rows)

    def end(self, status: str) -> None:
        """Take a last sample and say how the training ended."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.join()
        if self._reporter:
            self._reporter.end(status)

    def _begin(self) -> None:
        if is_server(tracking_uri()):
            self._reporter = _Reporter(self._first)
        file = SystemFile(self._folder / SYSTEM, fresh=not (self._folder / STATE).is_file())
        self._thread = threading.Thread(target=self._sample, args=(file, Usage()), name="samples", daemon=True)
        self._thread.start()

    def _sample(self, file: SystemFile, usage: Usage) -> None:
        pause = min(1.0, self._seconds)  # the first one soon: it shows that the run is alive
        over = False
        while not over:
            over = self._over.wait(pause)
            pause = self._seconds
            values, now = usage.now(), milliseconds()
            number = file.add(now, values)
            self._send([Point(COLUMNS[name], value, now, number) for name, value in values.items()])

    def _send(self, points: list[Point]) -> None:
        if self._reporter and points:
            self._reporter.points(points)


class _Reporter:
    """The other end of the pipe; when it has gone, the training goes on without it."""

    def __init__(self, first: Mapping[str, Any]) -> None:
        # A session of its own: Ctrl-C and a job's signals reach the training, which then says how it ended.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tcclip.tracking.reporter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **credentials()},
            text=True,
        )
        self._lock = threading.Lock()
        self._write({"open": first})

    def points(self, points: list[Point]) -> None:
        self._write({"points": points})

    def end(self, status: str) -> None:
        self._write({"end": status, "time": milliseconds()})
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        heard = select.select([self._process.stdout], [], [], 0)[0]
        try:
            self._process.wait(FAREWELL_SECONDS if heard else UNHEARD_SECONDS)
        except subprocess.TimeoutExpired:
            server = tracking_uri()
            log(f"MLflow's server {server} has not taken everything yet: `snakemake mlflow` loads what is missing")

    def _write(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
