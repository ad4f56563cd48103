"""Measure rows in one process and write them to their device's file."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from tcclip import layout
from tcclip.bench import report
from tcclip.bench.cases import ORACLE, PLAIN, Case, Settings, check
from tcclip.bench.costs import flops
from tcclip.bench.memory import peak_mb
from tcclip.bench.steps import prepare
from tcclip.bench.timing import Times, in_turn, peak_gflops
from tcclip.bench.world import config_of
from tcclip.models import Backbone
from tcclip.runtime import allow_tf32, keep_memory


def bench(cases: Sequence[Case], settings: Settings, out: Path | None, memory: bool = True) -> str:
    """Measure `cases`, print them as a table and write them; returns a line for the log.

    Rows of one mode are measured in turns. `out`: None for reports/bench/<device>.json. `memory`: also run each row in
    a process of its own for its peak memory.
    """
    check(list(cases))
    keep_memory()  # as evaluation and training do
    torch.set_num_threads(settings.threads)
    device = torch.device(settings.device)
    allow_tf32(device, settings.dtype)  # as they do
    backbone = Backbone.random(config_of(settings.suite))
    peak = peak_gflops(device, settings.dtype)
    rows = []
    for mode in dict.fromkeys(case.mode for case in cases):
        group = [case for case in cases if case.mode == mode]
        peaks = [peak_mb(case, settings) if memory else None for case in group]
        steps = [prepare(case, settings, backbone) for case in group]
        times = in_turn(steps, settings.repeat, device)
        del steps
        gc.collect()
        rows += [row(*parts, settings, backbone, peak) for parts in zip(group, times, peaks, strict=True)]
    path = out or layout.bench(report.device_name(device))
    report.write(path, rows, device)
    report.show(rows)
    return f"{len(rows)} rows, peak {peak:,.0f} GFLOP/s, {path}"


def row(
    case: Case, times: Times, memory: float | None, settings: Settings, backbone: Backbone, peak: float
) -> dict[str, Any]:
    """One row of the report."""
    counted = None if case.subject in (PLAIN, ORACLE) else flops(case, settings, backbone.config) / 1e9
    return {
        **asdict(case),
        **asdict(settings),
        "views_per_s": case.batch / times.best,
        "ms_per_step": 1000 * times.best,
        "median_ms_per_step": 1000 * times.median,
        "cpu_ms_per_step": None if times.cpu is None else 1000 * times.cpu,
        "peak_memory_mb": memory,
        "gflop_per_step": counted,
        "share_of_peak": None if counted is None else counted / times.best / peak,
        **report.stamp(),
    }
