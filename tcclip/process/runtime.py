"""How a job uses the machine: threads, determinism, device, precision, and what it ran on."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, cast

import torch

from tcclip.process import distributed

PACKAGES = (
    "numpy",
    "torch",
    "opencv-python-headless",
    "safetensors",
    "pandas",
    "pyarrow",
    "simplejpeg",
    "open_clip_torch",
    "decord",
    "av",
)

Precision = Literal["fp32", "fp16", "bf16"]
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)  # Ctrl-C, a cluster's end of time, and its warning before


def deterministic(threads: int, seed: int) -> None:
    """Fix the number of threads and the seed, and refuse operations whose result varies between runs.

    On a GPU some operations have no deterministic form; there they warn instead.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    # filling new tensors with NaN costs time and finds only bugs of torch
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)


def keep_memory() -> None:
    """Keep freed memory in the process instead of giving it back to the system, where the C library is glibc.

    A step's activations are freed and asked for again in the next step; the page faults cost a small model on a CPU a
    fifth of its time.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_MAX, 0)  # no block of its own for a large tensor, which would go back at once
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def pick_device(name: str) -> torch.device:
    """The device called `name`; 'auto' is the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else torch.device(name)


def pick_precision(name: str, device: torch.device) -> Precision:
    """The precision called `name`; 'auto' is what the card is fast in: bf16, on a V100's generation fp16, else fp32."""
    if name != "auto":
        return cast(Precision, name)
    card = torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)
    return "bf16" if card >= (8, 0) else "fp16" if card >= (7, 0) else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Mixed precision for a forward pass; nothing for fp32."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, {"fp16": torch.float16, "bf16": torch.bfloat16}[precision])


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, as loader workers do: sums over pixels may differ in the last bit otherwise."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def leave_signals_to_parent(_worker: int) -> None:
    """A loader worker goes on when asked to stop, until its parent has saved its state and ends it."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


def say(line: str) -> None:
    """One line for the person who watches, from one process of several."""
    if distributed.main():
        print(line, file=sys.stderr, flush=True)


def peak_memory_mb() -> float:
    """Highest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)  # macOS counts bytes, Linux KiB


def environment(device: torch.device, git: dict[str, Any] | None) -> dict[str, Any]:
    """What a result was made on and with: the content of environment.json; `git` is `git_state()` at the start."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
        "processes": distributed.count(),
        "git": git,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def cpu_name() -> str:
    """The processor's model."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def git_state() -> dict[str, Any] | None:
    """Commit of this checkout and whether files differ from it; None outside a checkout.

    To be asked when work starts: at its end the checkout may be another one than the code that ran.
    """

    def answer(*arguments: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        return {"commit": answer("rev-parse", "HEAD"), "dirty": bool(answer("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
