"""What a job ran on and with: machine, software, commit. Told beside a result and no part of it."""

from __future__ import annotations

import functools
import platform
import resource
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from tcclip.process import distributed, git
from tcclip.process.log import log

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


def peak_memory_mb() -> float:
    """Highest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)  # macOS counts bytes, Linux KiB


def environment(device: torch.device, state: dict[str, Any] | None) -> dict[str, Any]:
    """What a result was made on and with: the content of environment.json; `state` is `git_state()` at the start."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
        "processes": distributed.world_size(),
        "git": state,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": software(),
    }


@functools.cache
def software() -> dict[str, str]:
    """The versions of the packages that are there; looked up once, which takes as long as three optimizer steps."""
    return {name: version for name in PACKAGES if (version := _version(name))}


def cpu_name() -> str:
    """The processor's model."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def git_state() -> dict[str, Any] | None:
    """Commit of this checkout and whether files differ from it; None outside a checkout.

    Where git does not answer, `why_not` says why, and so does a line: the result will be one of no known commit. To be
    asked when work starts: at its end the checkout may be another one than the code that ran.
    """
    folder = Path(__file__).parent
    if not git.in_checkout(folder):
        return None
    state: dict[str, Any] = {"commit": None, "dirty": None}
    try:
        state["commit"] = git.ask("rev-parse", "HEAD", folder=folder)
        state["dirty"] = bool(git.ask("status", "--porcelain", folder=folder))
    except git.GitError as error:
        state["why_not"] = str(error)
        if distributed.is_main_process():
            log(f"the result's commit is not recorded in full, because {error}")
    return state


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
