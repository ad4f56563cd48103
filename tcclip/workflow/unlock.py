"""Remove Snakemake's lock after a crash; `make tables` runs this while it holds its own lock.

Snakemake leaves its lock behind when it is killed. If no Snakemake process works in this folder the lock is stale.

Why not `snakemake --unlock`: it removes the lock of a Snakemake that works as well, so that the look at the processes
would be needed all the same; and it reads the Snakefile and builds the DAG first, which takes 3 s, and fails where
params have a mistake. In the end it removes the same folder.
"""

from __future__ import annotations

import shutil
import sys

from tcclip.provenance.snakemake_metadata import LOCKS, busy
from tcclip.workflow.holder import holder


def main() -> None:
    """Clear a stale lock; a lock that is in use ends with one sentence."""
    if not busy():
        return
    if said := holder():
        sys.exit(f"Error: {said}")
    shutil.rmtree(LOCKS)


if __name__ == "__main__":
    main()
