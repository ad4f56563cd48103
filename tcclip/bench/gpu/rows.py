"""Rows of `tcclip bench` one after the other, each with its own memory, as many as there is time for.

`tcclip bench` has all rows of a mode in memory at once, so that they take turns; a GPU is nobody else's, and twelve
systems at eight sizes would not fit. A row that fails says why and the next one follows.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from tcclip.bench.cases import Case, Settings
from tcclip.bench.gpu.sizes import PAPER, TINY, Sizes, cases_of
from tcclip.bench.run import row
from tcclip.bench.steps import SEED, prepare
from tcclip.bench.timing import Times, peak_gflops, timed
from tcclip.bench.world import config_of
from tcclip.models import Backbone
from tcclip.models.compiled import Compiled, as_region
from tcclip.process.files import write_json
from tcclip.process.runtime import deterministic, keep_memory

WARM_UP = 2  # steps before the first that counts; the optimizer's state exists from the second on
COUNTING_S = 25.0  # kept for the arithmetic of what was measured
ROWS_OF_A_WORKER = 4  # for which it is worth while to start one

Counted = tuple[Case, Settings, Times, float | None, float]  # with the peak
Measured = tuple[Case, Settings, Times | str, float | None]  # a sentence in the place of times says what went wrong


def measure(what: str, sizes: Sizes, device: str, out: Path, seconds: float) -> None:
    """Measure the rows of `what` for at most so many seconds and write them, after each one again."""
    until = time.monotonic() + seconds - min(COUNTING_S, seconds / 4)
    keep_memory()
    settings = Settings(sizes.suite, "bf16", device, sizes.frames, threads=1, repeat=sizes.repeat)
    backbone, place = Backbone.random(config_of(sizes.suite)), torch.device(device)
    peak = peak_gflops(place, settings.dtype)
    done: list[Measured] = []
    left: list[str] = []
    for case, way in cases_of(what, sizes):
        if time.monotonic() > until:
            left.append(f"{case.subject}:{case.mode}:{case.classes}:{case.batch}:{case.micro} ({way})")
            continue
        own = replace(settings, compiled=way)
        done.append((case, own, *_measured(case, own, backbone, place)))
        write_json(out, {"peak_gflops": peak, "rows": list(_rows(done)), "left_out": left})
    write_json(out, {"peak_gflops": peak, "rows": counted(done, peak), "left_out": left})


def counted(done: Sequence[Measured], peak: float) -> list[dict[str, Any]]:
    """The rows with their arithmetic, a second or so of a core each, on the cores that there are."""
    rows = list(_rows(done))
    good: list[int] = []
    arguments: list[Counted] = []
    for number, (case, settings, times, memory) in enumerate(done):
        if isinstance(times, Times):
            good.append(number)
            arguments.append((case, settings, times, memory, peak))
    workers = min(len(os.sched_getaffinity(0)), len(good) // ROWS_OF_A_WORKER)
    if workers < 2:
        found = [_row(each) for each in arguments]
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            found = pool.map(_row, arguments)
    for number, each in zip(good, found, strict=True):
        rows[number] = each
    return rows


def _row(given: Counted) -> dict[str, Any]:
    case, settings, times, memory, peak = given
    return row(case, times, memory, settings, config_of(settings.suite), peak)


def _measured(
    case: Case, settings: Settings, backbone: Backbone, device: torch.device
) -> tuple[Times | str, float | None]:
    """Times of a step and the most MB that its tensors took, or a sentence that says what went wrong."""
    _forget(settings.compiled, device)
    deterministic(settings.threads, SEED, gradients=case.mode == "train")
    try:
        step = prepare(case, settings, backbone)
        for _ in range(WARM_UP):
            step()
        walls, cpus = zip(*(timed(step, device) for _ in range(settings.repeat)), strict=True)
    except Exception as error:  # of whatever kind: the other rows are measured
        return f"{type(error).__name__}: {(str(error).splitlines() or ['no word'])[0][:200]}", None
    memory = torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None
    return Times(min(walls), statistics.median(walls), min(cpus) if device.type == "cpu" else None), memory


def _forget(way: Compiled, device: torch.device) -> None:
    """The row before: its memory, and graphs for its shapes, of which a function may only have a few."""
    gc.collect()
    if way != "off":
        torch.compiler.reset()
        as_region.cache_clear()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _rows(done: Sequence[Measured]) -> Iterator[dict[str, Any]]:
    """Without arithmetic."""
    for case, settings, times, memory in done:
        found: dict[str, Any] = {"failed": times}
        if isinstance(times, Times):
            found = {"ms_per_step": 1000 * times.best, "peak_memory_mb": memory}
        yield {**asdict(case), **asdict(settings), **found}


def main() -> None:
    """`python -m tcclip.bench.gpu.rows WHAT OUT --device cuda --seconds 60`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what")
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--seconds", type=float, default=600.0)
    given = parser.parse_args()
    measure(given.what, TINY if given.tiny else PAPER, given.device, given.out, given.seconds)


if __name__ == "__main__":
    main()
