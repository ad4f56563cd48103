"""Random `kill -9` on whatever works in a project's folder: Snakemake, its warm server, trainers, loader workers.

`python tests/workflow/chaos.py FOLDER TARGET` makes the target of a finished project anew under 20 kills and compares.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
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
    line, above = (" ".join(one.cmdline()) if one else "" for one in (process, process.parent()))
    if "tcclip.warm" in line:
        return "job" if "tcclip.warm" in above else "warm server"
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
        subprocess.run([sys.executable, "-m", "tcclip.unlock"], cwd=folder, env=environment, check=False)
        with (
            open(folder / "chaos.log", "a") as log,
            subprocess.Popen(["snakemake", target], cwd=folder, env=marked, stdout=log, stderr=log) as process,
        ):
            while process.poll() is None:
                _wait(process, rng.uniform(*pause))
                if len(killed) < kills and (name := kill_one(rng)):
                    killed.append(name)
        if process.returncode == 0:
            return killed
        if time.monotonic() - began > limit_seconds:
            raise TimeoutError(f"not done after {limit_seconds:.0f} s and {len(killed)} kills: {folder}/chaos.log")


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def main(arguments: Sequence[str]) -> None:
    """Remove the runs of a table in a finished project, make it under 20 kills, and compare with what it was."""
    import shutil

    from tcclip.plan import load_plan

    folder, target = Path(arguments[0]).resolve(), arguments[1]
    os.chdir(folder)
    plan = load_plan("mini")
    table = folder / f"reports/mini/tables/{target}.csv"
    before = table.read_bytes()
    for run in plan.runs_of(target):
        if run.startswith("few_shot"):
            shutil.rmtree(folder / "runs/mini" / run)
    began = time.monotonic()
    killed = survive(folder, target, os.environ, kills=20, pause=(2, 8), limit_seconds=3600)
    counts = {name: killed.count(name) for name in sorted(set(killed))}
    print(f"{target}: {len(killed)} kills ({counts}), {time.monotonic() - began:.0f} s")
    if len(killed) < 20:
        sys.exit("Error: the work ended before 20 kills had landed")
    if table.read_bytes() != before:
        sys.exit(f"Error: {table} differs from that of the quiet run")


if __name__ == "__main__":
    main(sys.argv[1:])
