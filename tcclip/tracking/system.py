"""What a training uses of its machine, sampled while it runs: system.csv in the run's folder. Imports no mlflow."""

from __future__ import annotations

import contextlib
import csv
import time
from pathlib import Path
from typing import Any

import psutil

from tcclip.process.files import write_text

SYSTEM = "system.csv"
COLUMNS = {  # column of system.csv -> its name in MLflow, which shows `system/` on a page of its own
    "cpu_percent": "system/cpu_utilization_percentage",  # of this process and its loader workers; 100 is one core
    "memory_mb": "system/process_memory_megabytes",
    "machine_memory_percent": "system/system_memory_usage_percentage",
    "gpu_percent": "system/gpu_0_utilization_percentage",
    "gpu_memory_mb": "system/gpu_0_memory_usage_megabytes",
}
HEADER = ["sample", "time", *COLUMNS]


class Usage:
    """Measures this process with its children; the first cpu_percent is of the time since this object was made."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._seconds, self._at = self._cpu_seconds(), time.monotonic()

    def now(self) -> dict[str, float]:
        """Column of system.csv -> value; GPU columns where there is a GPU that tells."""
        seconds, at = self._cpu_seconds(), time.monotonic()
        spent, self._seconds = max(0.0, seconds - self._seconds), seconds
        passed, self._at = max(1e-3, at - self._at), at
        values = {
            "cpu_percent": 100 * spent / passed,
            "memory_mb": sum(_memory(process) for process in self._family()) / 1e6,
            "machine_memory_percent": psutil.virtual_memory().percent,
        }
        return {name: round(value, 2) for name, value in (values | _gpu()).items()}

    def _family(self) -> list[psutil.Process]:
        return [self._own, *self._own.children(recursive=True)]

    def _cpu_seconds(self) -> float:
        return sum(_processor(process) for process in self._family())


class SystemFile:
    """The samples of all sittings of a training; `sample` counts on from those that are there."""

    def __init__(self, path: Path, fresh: bool) -> None:
        if fresh:
            path.unlink(missing_ok=True)
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        whole = [line for line in lines if line.endswith("\n")]  # a killed process may leave part of a line
        if lines:
            write_text(path, "".join(whole))  # a file of its own: the one that is there may be a link into DVC's cache
        self.samples = max(0, len(whole) - 1)

    def add(self, at: int, values: dict[str, float]) -> int:
        """Append a sample taken `at` (ms since 1970); returns its number, from 1."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                writer.writerow(HEADER)
            self.samples += 1
            shown: list[Any] = [values.get(name, "") for name in COLUMNS]
            writer.writerow([self.samples, at, *shown])
        return self.samples


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0.0


def _processor(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def _gpu() -> dict[str, float]:
    """Load and memory of this process's GPU; nothing before it has one, and where the driver does not tell."""
    import torch

    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return {}
    free, total = torch.cuda.mem_get_info()
    values = {"gpu_memory_mb": (total - free) / 1e6}
    with contextlib.suppress(ImportError, RuntimeError):  # nvidia-ml-py is not installed
        values["gpu_percent"] = float(torch.cuda.utilization())
    return values
