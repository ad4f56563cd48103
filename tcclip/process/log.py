"""A line for the person who watches a job."""

from __future__ import annotations

import sys

from tcclip.process import distributed


def log(line: str) -> None:
    """One line for the person who watches, from one process of several."""
    if distributed.is_main_process():
        print(line, file=sys.stderr, flush=True)
