"""Peak memory of a row, in a process of its own, so that rows do not add up: `python -m tcclip.bench.memory ROW`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from tcclip.bench.cases import Case, Settings
from tcclip.bench.steps import SEED, prepare
from tcclip.bench.world import config_of
from tcclip.errors import UserError
from tcclip.models import Backbone
from tcclip.params.reader import params_folder
from tcclip.process.environment import peak_memory_mb
from tcclip.process.runtime import deterministic, keep_memory

STEPS = {"eval": 1, "train": 2}  # the optimizer's state exists from the second step on


def peak_mb(case: Case, settings: Settings) -> float:
    """MB: on a CPU the most that the process had resident, on a GPU the most that tensors took.

    Raises UserError when the process fails, for example because the memory is not enough.
    """
    order = json.dumps({"case": asdict(case), "settings": asdict(settings)})
    environment = {**os.environ, "TCCLIP_PARAMS": str(params_folder().resolve()), "PYTHONPATH": _python_path()}
    command = [sys.executable, "-m", "tcclip.bench.memory", order]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed, probably for want of memory"])[-1]
        raise UserError(f"{case.subject} {case.mode} with {case.classes} classes and batch {case.batch} failed: {last}")
    return float(done.stdout.strip().splitlines()[-1])


def _python_path() -> str:
    return os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def resident_peak_mb() -> float:
    """As environment.peak_memory_mb, but not inherited from the process that started this one (Linux does that)."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return round(int(marks[0]) / 1024, 1) if marks else peak_memory_mb()


def main(order: str) -> None:
    """Run a row's steps and print its peak."""
    given = json.loads(order)
    case, settings = Case(**given["case"]), Settings(**given["settings"])
    keep_memory()  # this and `deterministic` as evaluation and training do
    deterministic(settings.threads, SEED, gradients=case.mode == "train")
    step = prepare(case, settings, Backbone.random(config_of(settings.suite)))
    for _ in range(STEPS[case.mode]):
        step()
    on_gpu = torch.device(settings.device).type == "cuda"
    print(round(torch.cuda.max_memory_allocated() / 2**20, 1) if on_gpu else resident_peak_mb())


if __name__ == "__main__":
    main(sys.argv[1])
