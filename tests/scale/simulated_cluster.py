"""A Slurm that runs nothing: its commands are shell scripts, its jobs sleep and touch the files of their rule, or fail.

`sbatch` leaves what it was asked for in a folder; a thread here looks there, lets each job take its time and writes the
file that `squeue` prints. Which files a job makes is told by a logger plugin in Snakemake's own process
(`plugin/`). Nothing starts an interpreter per job, so that Snakemake is what is measured.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import re
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

COMMANDS = Path(__file__).parent / "commands"
SPOOL, OUTPUTS, QUEUE = "spool", "outputs", "squeue.txt"  # in the cluster's folder
LOOK_SECONDS = 0.25  # how often new and ended jobs are looked for
TARGETS = re.compile(r"--target-jobs ((?:'[^']*' )+)")  # 'rule:wildcard=value,...' for each job, in what is to be run
FORGET_SECONDS = 300  # how long an ended job is listed: Slurm's MinJobAge


def drawn(*words: object) -> float:
    """A number of [0, 1) that depends on the words alone."""
    digest = hashlib.sha256(" ".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass
class Attempt:
    """One submission of a job."""

    number: int  # Slurm's
    job: str  # rule and wildcards, as the Slurm plugin's comment has them
    parts: Sequence[str]  # the same of each of Snakemake's jobs that share it
    attempt: int  # from 1
    submitted: float  # seconds of the monotonic clock
    state: str = "PENDING"
    started: float = 0.0
    ended: float = 0.0

    def fails(self, share: float) -> bool:
        return drawn("fails", self.job, self.attempt) < share

    def seconds(self, mean: float) -> float:
        """Between half and one and a half of the mean."""
        return mean * (0.5 + drawn("takes", self.job, self.attempt))


@dataclass
class SimulatedCluster:
    """`folder` is its own; `project` is where jobs write their files. At most `places` jobs run at a time."""

    folder: Path
    project: Path
    places: int
    mean_seconds: float
    failing: float  # share of the attempts
    attempts: list[Attempt] = field(default_factory=list)
    _running: list[tuple[float, int]] = field(default_factory=list)  # end, index of the attempt
    _waiting: deque[int] = field(default_factory=deque)
    _tries: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)
    busiest: int = 0  # most jobs that ran at a time

    def __enter__(self) -> SimulatedCluster:
        for name in (SPOOL, OUTPUTS):
            (self.folder / name).mkdir(parents=True)
        shutil.copytree(COMMANDS, self.folder / "bin")
        (self.folder / QUEUE).touch()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def environment(self, inherited: dict[str, str]) -> dict[str, str]:
        """Its commands are found first, and know where it is."""
        path = os.pathsep.join([str(self.folder / "bin"), inherited["PATH"]])
        return {**inherited, "PATH": path, "SIMULATED_CLUSTER": str(self.folder)}

    def _serve(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            now = time.monotonic()
            changed = self._take(now) + self._end(now) + self._start(now)
            if changed:
                self._show(now)

    def _take(self, now: float) -> int:
        """New submissions, in order."""
        count = 0
        while (file := self.folder / SPOOL / str(len(self.attempts) + 1)).is_file():
            words = file.read_text().split("\n")
            if words[-2:] != ["END", ""]:  # still being written
                break
            job = words[words.index("--comment") + 1]
            self._tries[job] += 1
            self.attempts.append(Attempt(len(self.attempts) + 1, job, parts_of(words), self._tries[job], now))
            self._waiting.append(len(self.attempts) - 1)
            count += 1
        return count

    def _start(self, now: float) -> int:
        count = 0
        while self._waiting and len(self._running) < self.places:
            index = self._waiting.popleft()
            attempt = self.attempts[index]
            attempt.state, attempt.started = "RUNNING", now
            heapq.heappush(self._running, (now + attempt.seconds(self.mean_seconds), index))
            count += 1
        self.busiest = max(self.busiest, len(self._running))
        return count

    def _end(self, now: float) -> int:
        count = 0
        while self._running and self._running[0][0] <= now:
            attempt = self.attempts[heapq.heappop(self._running)[1]]
            files = [path for part in attempt.parts for path in self._files(part)]
            failed = attempt.fails(self.failing)
            for path in files[:1] if failed else files:  # what fails leaves half of its files behind
                _touch(path)
            attempt.state, attempt.ended = "FAILED" if failed else "COMPLETED", now
            count += 1
        return count

    def _files(self, job: str) -> list[Path]:
        listed = self.folder / OUTPUTS / job
        return [self.project / line for line in listed.read_text().splitlines()]

    def _show(self, now: float) -> None:
        listed = (a for a in self.attempts if not a.ended or now - a.ended < FORGET_SECONDS)
        file = self.folder / QUEUE
        new = file.with_suffix(".new")
        new.write_text("".join(f"{a.number}|{a.state}\n" for a in listed))
        new.replace(file)

    def tries(self) -> Iterator[tuple[str, list[str]]]:
        """Every job with the states of its attempts."""
        found: dict[str, list[str]] = {}
        for attempt in self.attempts:
            found.setdefault(attempt.job, []).append(attempt.state)
        yield from found.items()


def parts_of(words: Sequence[str]) -> list[str]:
    """The jobs of an order to sbatch, named as those that have a cluster's job of their own are."""
    found = TARGETS.search(words[-3])
    assert found, words
    names = []
    for target in re.findall("'([^']*)'", found[1]):
        rule, _, wildcards = target.partition(":")
        values = "_".join(word.partition("=")[2] for word in wildcards.split(",") if word).replace("/", "_")
        names.append(f"rule_{rule}" + (f"_wildcards_{values}" if values else ""))
    return names


def _touch(path: Path) -> None:
    """A file, or a folder where the name has no ending, as the plan's directories."""
    if path.suffix:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    else:
        path.mkdir(parents=True, exist_ok=True)
