"""Measure rows in one process and write them to their device's file."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from tcclip.bench import report
from tcclip.bench.arithmetic import flops, macs, parameters, trained_parameters
from tcclip.bench.cases import ORACLE, PLAIN, Case, Settings, check
from tcclip.bench.memory import peak_mb
from tcclip.bench.steps import SEED, prepare
from tcclip.bench.timing import Times, in_turn, peak_gflops
from tcclip.bench.world import config_of
from tcclip.models import Backbone, BackboneConfig
from tcclip.plan import layout
from tcclip.process.runtime import deterministic, keep_memory


def bench(cases: Sequence[Case], several: Sequence[Settings], out: Path | None, memory: bool = True) -> str:
    """Measure `cases` with each of `several` settings, print them as a table and write them; returns a log's line.

    Settings differ in their frames only. Rows of one mode are measured in turns, and written to
    reports/bench/<device>.json and to `out`. `memory`: also run each row in a process of its own for its peak memory.
    """
    check(list(cases))
    keep_memory()  # this and `deterministic` as evaluation and training do
    deterministic(several[0].threads, SEED)  # of the peak; a mode's own below
    device = torch.device(several[0].device)
    peak = peak_gflops(device, several[0].dtype)
    rows = [row for settings in several for row in _measured(cases, settings, device, peak, memory)]
    paths = [layout.bench(report.device_name(device)), *([out] if out else [])]
    for path in paths:
        report.write(path, rows, device)
    report.show(rows)
    return f"{len(rows)} rows, peak {peak:,.0f} GFLOP/s, {paths[-1]}"


def _measured(
    cases: Sequence[Case], settings: Settings, device: torch.device, peak: float, memory: bool
) -> list[dict[str, Any]]:
    backbone = Backbone.random(config_of(settings.suite))
    rows = []
    for mode in dict.fromkeys(case.mode for case in cases):
        group = [case for case in cases if case.mode == mode]
        deterministic(settings.threads, SEED, gradients=mode == "train")
        peaks = [peak_mb(case, settings) if memory else None for case in group]
        steps = [prepare(case, settings, backbone) for case in group]
        times = in_turn(steps, settings.repeat, device)
        del steps
        gc.collect()
        rows += [row(*parts, settings, backbone.config, peak) for parts in zip(group, times, peaks, strict=True)]
    return rows


def row(
    case: Case, times: Times, memory: float | None, settings: Settings, config: BackboneConfig, peak: float
) -> dict[str, Any]:
    """One row of the report."""
    method = settings.method(case.method)
    sizes = (config, settings.frames, case.classes)
    counted = None if case.subject in (PLAIN, ORACLE) else flops(case, settings, config) / 1e9
    return {
        **asdict(case),
        **asdict(settings),
        "views_per_s": case.batch / times.best,
        "ms_per_step": 1000 * times.best,
        "median_ms_per_step": 1000 * times.median,
        "cpu_ms_per_step": None if times.cpu is None else 1000 * times.cpu,
        "peak_memory_mb": memory,
        "params_m": parameters(method, *sizes) / 1e6,
        "trained_m": trained_parameters(method, *sizes) / 1e6,
        "paper_gflops_per_view": macs(method, config, settings.frames) / 1e9,
        "gflop_per_step": counted,
        "share_of_peak": None if counted is None else counted / times.best / peak,
        **report.stamp(),
    }
