"""Snakemake's own records of jobs, as they are on the disk: which params, code and inputs made an output.

Snakemake keeps one JSON file per output in .snakemake/metadata, named by the output's path in base64 (cut into folders
whose names start with @ where it is too long for a file name). A record's `endtime` is the output's modification time.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(".snakemake")
METADATA = FOLDER / "metadata"
STAMP = ".snakemake_timestamp"  # in folders that are outputs: it carries their modification time
ROUNDING = 1e-6  # seconds; a time since 1970 as a floating-point number is no finer


def outputs() -> Iterator[tuple[str, Path]]:
    """Every output that Snakemake has a record of, with the record's file."""
    for folder, _, names in os.walk(METADATA):
        parts = [part.removeprefix("@") for part in Path(folder).relative_to(METADATA).parts]
        for name in names:
            yield base64.urlsafe_b64decode("".join([*parts, name])).decode(), Path(folder) / name


def read(file: Path) -> dict[str, Any] | None:
    """A record; None where there is none, or one that a killed Snakemake left half-written."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return content if isinstance(content, dict) else None


def modified(output: Path) -> float:
    """The modification time of an output as Snakemake sees it, seconds since 1970."""
    stamp = output / STAMP
    return (stamp if stamp.is_file() else output).stat().st_mtime


def made_here(output: Path, record: dict[str, Any]) -> bool:
    """Whether the output on the disk is the one that its record tells of; a file that was put in its place is not."""
    return abs(modified(output) - float(record.get("endtime") or 0)) < ROUNDING


def busy() -> bool:
    """Whether a Snakemake works in this folder."""
    locks = FOLDER / "locks"
    return locks.is_dir() and any(locks.iterdir())
