"""Parts of a check in order of worth: each is a process with a time limit, and a fault costs itself alone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tcclip.process.files import read_json

State = Literal["done", "failed", "stopped", "not reached"]
START_S = 5.0  # less than that is no time for a process that imports torch
WORDS = 300  # of what a part that failed said last


@dataclass(frozen=True)
class TimedPart:
    """One process."""

    name: str
    command: tuple[str, ...]  # `{out}` is where it writes its findings (JSON), `{seconds}` what it has for itself
    seconds: float  # at most


@dataclass(frozen=True)
class Ended:
    """What became of a part."""

    name: str
    state: State
    seconds: float
    said: str  # its last words where it is not done, or the last line


def run_parts(
    parts: Sequence[TimedPart], folder: Path, seconds: float, say: Callable[[str], None]
) -> tuple[list[Ended], dict[str, Any]]:
    """Run the parts within `seconds` of all; what became of each, and by name what they found.

    What a part has written when it is stopped counts. Their output goes to `folder`/<name>.log.
    """
    deadline, ended, found = time.monotonic() + seconds, [], {}
    for part in parts:
        left = deadline - time.monotonic()
        if left < START_S:
            ended.append(Ended(part.name, "not reached", 0.0, "no time was left"))
        else:
            say(f"{part.name}: at most {min(part.seconds, left):.0f} s")
            out = folder / f"{part.name}.json"
            ended.append(_run(part, out, min(part.seconds, left)))
            if out.is_file():
                found[part.name] = read_json(out)
        say(line_of(ended[-1]))
    return ended, found


def line_of(ended: Ended) -> str:
    """One line for a person."""
    last = "" if ended.state == "done" or not ended.said else f": {ended.said.splitlines()[-1]}"
    return f"{ended.name}: {ended.state} after {ended.seconds:.0f} s{last}"


def as_rows(ended: Sequence[Ended]) -> list[dict[str, Any]]:
    """For a report."""
    return [asdict(one) for one in ended]


def _run(part: TimedPart, out: Path, seconds: float) -> Ended:
    started = time.monotonic()
    values = {"{out}": str(out), "{seconds}": f"{seconds:.0f}"}
    words = [values.get(word, word) for word in part.command]
    log = out.with_suffix(".log")
    state: State = "stopped"
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            state = "done" if process.wait(timeout=seconds) == 0 else "failed"
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # with the processes that it has started
                process.wait()
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    return Ended(part.name, state, round(time.monotonic() - started, 1), said[-WORDS:])
