"""Snakemake's own records of jobs, as they are on the disk: which params, code and inputs made an output.

Snakemake keeps one JSON file per output in .snakemake/metadata, named by the output's path in base64 (cut into folders
whose names start with @ where it is too long for a file name). A record's `endtime` is the output's modification time.

This is no interface that Snakemake promises. It numbers the format of its records, and another number than the one that
is known here ends everything that reads or writes records with one sentence, before anything is written.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tcclip.errors import UserError

FOLDER = Path(".snakemake")
METADATA = FOLDER / "metadata"
LOCKS = FOLDER / "locks"  # not empty while a Snakemake works
STAMP = ".snakemake_timestamp"  # in folders that are outputs: it carries their modification time
LONGEST = 254  # characters of a folder's or file's name, on any file system that has 255
FORMAT = 6  # of the records, by Snakemake's own count, in Snakemake 9.18 to 9.27
ROUNDING = 1e-6  # seconds; a time since 1970 as a floating-point number is no finer


def check_snakemake() -> None:
    """Raises UserError where the Snakemake that is installed keeps its records in another format."""
    found = getattr(importlib.import_module("snakemake.persistence"), "RECORD_FORMAT_VERSION", None)
    if found != FORMAT:
        raise UserError(_other_format("the Snakemake that is installed writes", found))


def outputs() -> Iterator[tuple[str, Path]]:
    """Every output that Snakemake has a record of, with the record's file.

    Raises:
        UserError: Snakemake has no records here, or keeps them in a database.
    """
    if not METADATA.is_dir():
        raise UserError(
            f"{METADATA} is not there, so that nothing says how the files were made: run snakemake here, and without "
            "--persistence-backend db, whose database is not read here"
        )
    for folder, _, names in os.walk(METADATA):
        parts = [part.removeprefix("@") for part in Path(folder).relative_to(METADATA).parts]
        for name in names:
            yield base64.urlsafe_b64decode("".join([*parts, name])).decode(), Path(folder) / name


def record_of(output: str) -> Path:
    """Where the record of an output is, or would be."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    parts = [name[start : start + LONGEST] for start in range(0, len(name), LONGEST)]
    return METADATA.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


def read(file: Path) -> dict[str, Any] | None:
    """A record; None where there is none, or one that a killed Snakemake left half-written.

    Raises:
        UserError: it has a newer format than those that are known here.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    if not isinstance(content, dict):
        return None
    if content.get("record_format_version", 0) > FORMAT:
        raise UserError(_other_format(f"{file} holds", content["record_format_version"]))
    return content


def modified(output: Path) -> float:
    """The modification time of an output as Snakemake sees it, seconds since 1970."""
    stamp = output / STAMP
    return (stamp if stamp.is_file() else output).stat().st_mtime


def made_here(output: Path, record: dict[str, Any]) -> bool:
    """Whether the output on the disk is the one that its record tells of; a file that was put in its place is not.

    Archivers and some file systems keep whole seconds.
    """
    ended, changed = float(record.get("endtime") or 0), modified(output)
    return abs(changed - ended) < ROUNDING or changed == int(ended)


def busy() -> bool:
    """Whether a Snakemake works in this folder, or was killed in it."""
    return LOCKS.is_dir() and any(LOCKS.iterdir())


def _other_format(who: str, number: object) -> str:
    return (
        f"{who} records of jobs in format {number}, and this program knows format {FORMAT}: "
        "install the snakemake of requirements.lock (pip install -r requirements.lock)"
    )
