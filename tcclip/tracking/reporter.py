"""The process beside a training that tells an MLflow server about it: `python -m tcclip.tracking.reporter`.

Reads JSON lines from standard input: first what to open, then points, at last how the training ended. When the pipe
closes without such a last line, the training was killed, and its entry says so. One training is one entry: a training
that is resumed, or made again with the same params, goes on with the entry that is there and adds only what it lacks.
Server errors are waited out.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import requests

from tcclip.tracking.address import credentials, tracking_uri
from tcclip.tracking.checkout import TAG
from tcclip.tracking.entry import EXPERIMENT_TAGS, Point, batches, milliseconds
from tcclip.tracking.question import why_not
from tcclip.tracking.rest import RejectedError, Server, pairs

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between attempts
GIVE_UP_SECONDS = 300.0  # after the training's end; the run's folder has everything, and `snakemake mlflow` loads it
LAST_WORDS_SECONDS = 2.0  # after the training's end, in which it waits for them
LATER = "`snakemake mlflow` loads what is missing"
Message = dict[str, Any]
T = TypeVar("T")


def main() -> None:
    """Report until the pipe closes."""
    messages: queue.Queue[Message | None] = queue.Queue()
    patience = Patience()
    threading.Thread(target=_read, args=(messages, patience), daemon=True).start()
    first = messages.get()
    if first is None:
        return
    server = Server(tracking_uri(), {**os.environ, **credentials()})
    try:
        entry = patience.until_done(lambda: LiveEntry(server, first["open"]))
        with contextlib.suppress(OSError):  # the training may have ended
            print("open", flush=True)  # it then waits at its end for what is still to be said
        report(entry, messages, patience)
    except (RejectedError, requests.RequestException) as error:
        print(f"{why_not(tracking_uri(), error)}: {LATER}", file=sys.stderr, flush=True)


def report(entry: LiveEntry, messages: queue.Queue[Message | None], patience: Patience) -> None:
    """Hand on points as they come, together where several wait, until the training ends."""
    end: Message | None = None
    while end is None:
        waiting = [messages.get()]
        while not messages.empty():
            waiting.append(messages.get())
        points = [Point(*point) for message in waiting if message for point in message.get("points", [])]
        ends = [message or {"end": "KILLED"} for message in waiting if message is None or "end" in message]
        end = ends[0] if ends else None
        patience.until_done(partial(entry.add, points))
    patience.until_done(partial(entry.close, end["end"], end.get("time")))


class LiveEntry:
    """One run of one experiment on the server."""

    def __init__(self, server: Server, first: Message) -> None:
        self._server, self._process = server, first["tags"]["process"]
        experiment = server.experiment(first["experiment"], EXPERIMENT_TAGS)
        wanted = {"run": first["run"], "training": first["training"]}
        wanted |= {name: value for name, value in first["tags"].items() if name == TAG}
        condition = " AND ".join(f"tags.{name} = '{value}'" for name, value in wanted.items())
        found = server.search(experiment, condition)
        self.id = found[0]["info"]["run_id"] if found else self._create(experiment, first)
        self._steps = self._known_steps(found[0]) if found else {}
        if found:
            server.post("runs/update", {"run_id": self.id, "status": "RUNNING"})
            server.log_batch(self.id, {}, [], first["tags"])
        known = {param["key"] for param in found[0]["data"].get("params", [])} if found else set()
        new = {name: value for name, value in first["params"].items() if name not in known}
        for some, _ in batches(new, []) if new else ():
            server.log_batch(self.id, some)

    def add(self, points: list[Point]) -> None:
        """Log the points that the entry has not got."""
        new = [point for point in points if point.step not in self._steps.setdefault(point.name, set())]
        for _, some in batches({}, new) if new else ():
            self._server.log_batch(self.id, {}, some, {"heartbeat": str(milliseconds())})
            for point in some:
                self._steps[point.name].add(point.step)

    def close(self, status: str, at: int | None) -> None:
        """Say how the training ended, unless another process goes on with it already."""
        tags = self._server.get("runs/get", {"run_id": self.id})["run"]["data"].get("tags", [])
        if {"key": "process", "value": self._process} not in tags:
            return
        self._server.post("runs/update", {"run_id": self.id, "status": status, "end_time": at or milliseconds()})

    def _create(self, experiment: str, first: Message) -> str:
        body = {
            "experiment_id": experiment,
            "run_name": first["run"],
            "start_time": milliseconds(),
            "tags": pairs({**first["tags"], "heartbeat": str(milliseconds())}),
        }
        return str(self._server.post("runs/create", body)["run"]["info"]["run_id"])

    def _known_steps(self, found: Message) -> dict[str, set[int]]:
        names = [metric["key"] for metric in found["data"].get("metrics", [])]
        return {name: {int(p.get("step", 0)) for p in self._server.history(self.id, name)} for name in names}


class Patience:
    """Tries again while a server is away: as long as the training runs, and for a while after its end."""

    def __init__(self) -> None:
        self._until: float | None = None
        self._told = False

    def hurry(self) -> None:
        """The training has ended."""
        self._until = time.monotonic() + GIVE_UP_SECONDS

    def until_done(self, action: Callable[[], T]) -> T:
        """The result of `action`, tried again after errors of the connection."""
        pause = FIRST_PAUSE
        while True:
            try:
                return action()
            except requests.RequestException as error:
                self._tell(error)
                if self._until is not None and time.monotonic() > self._until:
                    raise
                time.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)

    def _tell(self, error: requests.RequestException) -> None:
        """Say once that the training goes on without the server; after its end its own line is the last one."""
        if not self._told and self._until is None:
            self._told = True
            print(f"{why_not(tracking_uri(), error)}: the training goes on, and {LATER}", file=sys.stderr, flush=True)


def _read(messages: queue.Queue[Message | None], patience: Patience) -> None:
    """Lines of standard input as messages, in a thread of its own, so that the training never waits for the server."""
    for line in sys.stdin:
        if line.endswith("\n"):
            messages.put(json.loads(line))
    patience.hurry()
    messages.put(None)
    silent = threading.Timer(LAST_WORDS_SECONDS, _be_silent)
    silent.daemon = True
    silent.start()


def _be_silent() -> None:
    """Let go of the output that the training had: whoever reads it to its end must not wait for the server."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


if __name__ == "__main__":
    main()
