"""Names of what is being written, beside what it will become, and which of them no process will finish any more.

A shared folder has writers on several machines, of which one sees its own processes alone. So a name says who writes.
"""

from __future__ import annotations

import contextlib
import glob
import os
import platform
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

HOST = re.sub(r"\W", "-", platform.node())[:40]
NAME = re.compile(r"\.(?P<host>[\w-]*)\.(?P<pid>\d+)\.[0-9a-f]+\.part")
OLD = 86_400.0  # seconds without a change, after which what another machine was writing is left


def part_of(path: Path) -> Path:
    """A new name for what this process writes and `path` will be: `.NAME.HOST.PID.LETTERS.part`."""
    return path.with_name(f".{path.name}.{HOST}.{os.getpid()}.{secrets.token_hex(3)}.part")


def abandoned(path: Path) -> Iterator[Path]:
    """What was to become `path` and will not: its writer was killed, or was on another machine a day ago.

    What has another kind of name is none of ours.
    """
    before = f".{path.name}"
    for part in path.parent.glob(f"{glob.escape(before)}.*.part"):
        who = NAME.fullmatch(part.name.removeprefix(before))
        if who and (_has_ended(int(who["pid"])) if who["host"] == HOST else _is_old(part)):
            yield part


def _has_ended(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def _is_old(part: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return time.time() - part.stat().st_mtime > OLD
    return False
