"""Random `kill -9` on whatever works in a project's folder: Snakemake, its warm server, trainers, loader workers.

`python tests/workflow/chaos.py FOLDER TARGET` copies a finished project, makes the target's runs anew in the copy under
20 kills, and compares.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

MARK = "TCCLIP_CHAOS"  # environment variable of what may be killed: what was started here, and all that it starts


def workers() -> list[psutil.Process]:
    """All living processes that Snakemake's start here has led to."""
    return [process for process in psutil.process_iter() if _is_ours(process)]


def _is_ours(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(os.getpid())
    except psutil.Error:  # it has just ended, or is another user's
        return False


def name_of(process: psutil.Process) -> str:
    """What a process is, for the list of kills; a job that is a fork of the warm server has its command line."""
    line = " ".join(process.cmdline())
    if "tcclip.workflow.warm" in line:
        forks = sum("tcclip.workflow.warm" in " ".join(parent.cmdline()) for parent in process.parents())
        return ("warm server", "job", "loader")[min(forks, 2)]
    return next((word for word in ("snakemake", "tcclip") if word in line), process.name())


def kill_one(rng: random.Random) -> str | None:
    """Kill a random one of the workers; None if there is none, or it ended by itself."""
    alive = workers()
    if not alive:
        return None
    try:
        victim = rng.choice(alive)
        name = name_of(victim)
        victim.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return None
    return name


def survive(
    folder: Path,
    target: str,
    environment: Mapping[str, str],
    kills: int,
    pause: tuple[float, float],
    limit_seconds: float,
    seed: int = 0,
) -> list[str]:
    """Start `snakemake TARGET` again and again under `kills` kills until it has ended well; the names of the killed.

    Raises TimeoutError after the limit. Snakemake is started as `make tables` starts it.
    """
    rng, killed, began = random.Random(seed), list[str](), time.monotonic()
    marked = {**environment, MARK: str(os.getpid())}
    while True:
        subprocess.run([sys.executable, "-m", "tcclip.workflow.unlock"], cwd=folder, env=environment, check=False)
        with (
            open(folder / "chaos.log", "a") as log,
            subprocess.Popen(["snakemake", target], cwd=folder, env=marked, stdout=log, stderr=log) as process,
        ):
            while process.poll() is None:
                _wait(process, rng.uniform(*pause))
                if len(killed) < kills and (name := kill_one(rng)):
                    killed.append(name)
                if time.monotonic() - began > limit_seconds:
                    process.kill()
                    raise TimeoutError(f"not done after {limit_seconds:.0f} s, {len(killed)} kills: {folder}/chaos.log")
        if process.returncode == 0:
            return killed


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def main(source: Path, target: str, kills: int = 20) -> None:
    """Make the few-shot runs of a table anew in a copy of a finished project under kills, and compare the table."""
    from tcclip.plan import load_plan

    with tempfile.TemporaryDirectory(prefix="tcclip-chaos-") as scratch:
        folder = Path(scratch) / "project"
        shutil.copytree(
            source, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git", "mlruns", "downloads")
        )
        os.chdir(folder)
        machine = folder / "params/suites/mini.yaml"
        machine.write_text(
            machine.read_text().replace("loader_workers: 0", "loader_workers: 1")
        )  # to be killed as well
        table = folder / f"reports/mini/tables/{target}.csv"
        before = table.read_bytes()
        for run in load_plan("mini").runs_of(target):
            if run.startswith("few_shot"):
                shutil.rmtree(folder / "runs/mini" / run)
        began = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        killed = survive(folder, target, environment, kills, pause=(2, 8), limit_seconds=2400)
        counts = {name: killed.count(name) for name in sorted(set(killed))}
        print(f"{target}: {len(killed)} kills ({counts}), {time.monotonic() - began:.0f} s")
        if len(killed) < kills:
            sys.exit(f"Error: the work ended before {kills} kills had landed")
        if table.read_bytes() != before:
            sys.exit(f"Error: {table} differs from that of the quiet run")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
