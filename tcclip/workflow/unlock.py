"""Remove Snakemake's lock after a crash; `make tables` runs this while it holds its own lock.

Snakemake leaves its lock behind when it is killed. If no Snakemake process works in this folder the lock is stale.
One of another node, container or user cannot be seen: who it is says the file that it has left (`owner`).

Why not `snakemake --unlock`: it removes the lock of a Snakemake that works as well, so that the look at the processes
would be needed all the same; and it reads the Snakefile and builds the DAG first, which takes 3 s, and fails where
params have a mistake. In the end it removes the same folder.
"""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

import psutil

from tcclip.provenance.snakemake_metadata import LOCKS, busy
from tcclip.workflow.owner import who_works


def snakemakes_here() -> list[int]:
    """Process ids of Snakemake processes whose working directory is this one."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if any(Path(word).name == "snakemake" for word in command[:3]) and process.info["cwd"] == str(Path.cwd()):
            found.append(process.pid)
    return found


def main() -> None:
    """Clear a stale lock; a lock that is in use ends with one sentence."""
    if not busy():
        return
    pids, owner = snakemakes_here(), who_works()
    if pids:
        sys.exit(f"Error: snakemake (process {pids[0]}) is running in this folder; wait for it or stop it")
    if owner and not owner.is_seen():
        sys.exit(
            f"Error: snakemake ({owner}) has locked this folder, and {platform.node()} cannot see whether it still "
            f"runs: wait for it, or look there and stop it; where it has ended, `rm -r {LOCKS}` removes its lock"
        )
    if owner and owner.runs():
        sys.exit(f"Error: snakemake ({owner}) is running in this folder; wait for it or stop it")
    shutil.rmtree(LOCKS)


if __name__ == "__main__":
    main()
