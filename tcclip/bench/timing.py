"""Time of steps, taken in turn so that whatever else the machine does hits all rows alike; and the machine's peak."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch

from tcclip.bench.steps import Step
from tcclip.process.progress import track

PEAK_SECONDS = 1.0  # how long matrices are multiplied to find the peak
PEAK_SIZE = {"cpu": 2048, "cuda": 8192}  # rows of the square matrices
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Times:
    """Seconds of one step over its repetitions."""

    best: float
    median: float
    cpu: float | None  # processor time of the repetition that used least; tells a busy machine from slow code


def in_turn(steps: Sequence[Step], repeat: int, device: torch.device) -> list[Times]:
    """Every step once to warm up, then `repeat` rounds of all steps."""
    turns = track([*steps] * (1 + repeat), "bench", "steps", bar=False)
    walls_and_cpus = [timed(step, device) for step in turns][len(steps) :]
    samples_of = [walls_and_cpus[place :: len(steps)] for place in range(len(steps))]
    found = []
    for samples in samples_of:
        walls, processor = [wall for wall, _ in samples], min(cpu for _, cpu in samples)
        found.append(Times(min(walls), statistics.median(walls), processor if device.type == "cpu" else None))
    return found


def timed(step: Step, device: torch.device) -> tuple[float, float]:
    """Wall-clock and processor seconds of one step, the device's queue included."""
    wait_for(device)
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    wait_for(device)
    return time.perf_counter() - wall, time.process_time() - cpu


def wait_for(device: torch.device) -> None:
    """Until the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_gflops(device: torch.device, precision: str) -> float:
    """The most floating-point operations per second (1e9) that multiplying large square matrices reaches here."""
    size = PEAK_SIZE[device.type]
    a = torch.randn(size, size, device=device).to(DTYPES[precision])
    out = torch.empty_like(a)
    best, until = float("inf"), time.perf_counter() + PEAK_SECONDS
    with torch.inference_mode():
        while time.perf_counter() < until or best == float("inf"):
            best = min(best, timed(partial(_multiply, a, out), device)[0])
    return 2 * size**3 / best / 1e9


def _multiply(a: torch.Tensor, out: torch.Tensor) -> None:
    torch.mm(a, a, out=out)
