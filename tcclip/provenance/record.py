"""The account of all jobs of a suite that travels with its results: reports/<suite>/jobs.json.gz.

Results without Snakemake's account of how they were made are of no use to Snakemake: it would make them all again, or,
told to trust them (`--touch`), would hide those that other params or code have made. Therefore DVC versions both.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.plan import layout
from tcclip.process.files import atomic
from tcclip.provenance import jobs
from tcclip.provenance.contents import Known

CHECKSUM_LIMIT = 1_000_000  # bytes; of smaller inputs Snakemake compares checksums, of others only times
OWN = ("endtime", "starttime")  # what differs among the outputs of one job


@dataclass(frozen=True)
class Entry:
    """One file: its content, and Snakemake's record of the job that made it."""

    output: str
    sha256: str
    file: Path | None  # of Snakemake's record; None: no job made it, it is a large input from outside
    job: dict[str, Any]
    identity: str  # hash of all that; written down, because Snakemake's start should not wait for thousands of them
    number: int = -1  # outputs of one job have the same


def _entry(output: str, content: str, file: Path | None, job: dict[str, Any]) -> Entry:
    text = json.dumps([output, content, job], sort_keys=True)
    return Entry(output, content, file, job, hashlib.sha256(text.encode()).hexdigest()[:16])


def write_record(suite: str) -> str:
    """Write the account of every output of a suite that is as Snakemake made it; returns a one-line account.

    An output that something else has changed since is left out, because nobody knows where it comes from.
    """
    known = Known()
    earlier = {entry.output: entry for entry in read_record(suite)} if layout.jobs(suite).is_file() else {}
    entries: list[Entry] = []
    foreign: list[str] = []
    for output, file in sorted(jobs.outputs()):
        job = jobs.read(file)
        if job is None or not _versioned(output, suite) or not Path(output).exists():
            continue
        before = earlier.get(output)
        if jobs.made_here(Path(output), job) or (before and known.judged(output, file, before.identity)):
            entries.append(_entry(output, known.sha256(output), file, job))
        else:
            foreign.append(output)
    entries += [_entry(path, known.sha256(path), None, {}) for path in _large_inputs(entries)]
    _write(suite, entries)
    for entry in entries:
        known.judge(entry.output, entry.file, entry.identity, entry.sha256)
    known.save()
    left_out = f"; left out, because something else changed them: {', '.join(foreign[:3])}" if foreign else ""
    count = sum(entry.file is not None for entry in entries)
    return f"{count} files with the jobs that made them, {layout.jobs(suite)}{left_out}"


def read_record(suite: str) -> list[Entry]:
    """What `write_record` has written, here or elsewhere."""
    path = layout.jobs(suite)
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        return [
            Entry(output, content_hash, Path(file) if file else None, {**content["jobs"][job], **own}, identity, job)
            for output, content_hash, file, job, own, identity in content["outputs"]
        ]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): bring it back with `dvc checkout --force`") from error


def _versioned(output: str, suite: str) -> bool:
    """Whether an output is among those that travel; the record itself does not."""
    folders = (layout.DATA, layout.reports(suite), layout.runs(suite))
    return any(folder in Path(output).parents for folder in folders) and Path(output) != layout.jobs(suite)


def _large_inputs(entries: Sequence[Entry]) -> list[str]:
    """The inputs that no job has made and that Snakemake judges by their time alone, such as one's own long list."""
    made = {entry.output for entry in entries}
    inputs = sorted({path for entry in entries for path in entry.job.get("input") or []} - made)
    return [path for path in inputs if Path(path).is_file() and Path(path).stat().st_size >= CHECKSUM_LIMIT]


def _write(suite: str, entries: Sequence[Entry]) -> None:
    """Outputs of one job share its record; without a time in it the file is the same for the same jobs."""
    numbers: dict[str, int] = {}
    rows = []
    for entry in entries:
        shared = json.dumps({key: value for key, value in entry.job.items() if key not in OWN}, sort_keys=True)
        number = numbers.setdefault(shared, len(numbers))
        own = {key: entry.job[key] for key in OWN if key in entry.job}
        rows.append((entry.output, entry.sha256, str(entry.file) if entry.file else None, number, own, entry.identity))
    content = {"jobs": [json.loads(shared) for shared in numbers], "outputs": rows}
    with atomic(layout.jobs(suite)) as part:
        part.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
