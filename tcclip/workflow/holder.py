"""Who holds Snakemake's lock of this folder."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil

from tcclip.provenance.snakemake_metadata import LOCKS
from tcclip.workflow.owner import who_works


def holder() -> str:
    """The sentence about a Snakemake that works in this folder or may do so; empty where the lock is a dead one's.

    One of another node, container or user cannot be seen: who it is says the file that it has left (`owner`).
    """
    pids, owner = snakemakes_here(), who_works()
    if pids:
        return f"snakemake (process {pids[0]}) is running in this folder; wait for it or stop it"
    if owner and not owner.is_seen():
        return (
            f"snakemake ({owner}) has locked this folder, and {platform.node()} cannot see whether it still runs: "
            f"wait for it, or look there and stop it; where it has ended, `rm -r {LOCKS}` removes its lock"
        )
    if owner and owner.runs():
        return f"snakemake ({owner}) is running in this folder; wait for it or stop it"
    return ""


def snakemakes_here() -> list[int]:
    """Ids of other Snakemake processes whose working directory is this one; what has started this one is none."""
    own = psutil.Process()
    ours = {own.pid, *(parent.pid for parent in own.parents())}
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if any(Path(word).name == "snakemake" for word in command[:3]) and process.info["cwd"] == str(Path.cwd()):
            found.append(process.pid)
    return [pid for pid in found if pid not in ours]
