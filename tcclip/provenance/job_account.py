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
from tcclip.provenance import snakemake_metadata
from tcclip.provenance.contents import KnownContents

CHECKSUM_LIMIT = 1_000_000  # bytes; of smaller inputs Snakemake compares checksums, of others only times
OWN = ("endtime", "starttime")  # what differs among the outputs of one job


@dataclass(frozen=True)
class MadeFile:
    """One file: its content, and Snakemake's record of the job that made it."""

    output: str
    sha256: str
    record: Path | None  # Snakemake's, a file; None: no job made it, it is a large input from outside
    job: dict[str, Any]
    identity: str  # hash of all that; written down, because Snakemake's start should not wait for thousands of them
    number: int = -1  # outputs of one job have the same


def _made_file(output: str, content: str, record: Path | None, job: dict[str, Any]) -> MadeFile:
    text = json.dumps([output, content, job], sort_keys=True)
    return MadeFile(output, content, record, job, hashlib.sha256(text.encode()).hexdigest()[:16])


def write_account(suite: str) -> str:
    """Write the account of every output of a suite that is as Snakemake made it; returns a line about it.

    An output that something else has changed since is left out, because nobody knows where it comes from.
    """
    snakemake_metadata.check_snakemake()
    known = KnownContents()
    earlier = {made.output: made for made in read_account(suite)} if layout.jobs(suite).is_file() else {}
    files: list[MadeFile] = []
    foreign: list[str] = []
    for output, record in sorted(snakemake_metadata.outputs()):
        job = snakemake_metadata.read(record)
        if job is None or not _versioned(output, suite) or not Path(output).exists():
            continue
        before = earlier.get(output)
        here = snakemake_metadata.made_here(Path(output), job)
        if here or (before and known.judged(output, record, before.identity)):
            files.append(_made_file(output, known.sha256(output), record, job))
        else:
            foreign.append(output)
    files += [_made_file(path, known.sha256(path), None, {}) for path in _large_inputs(files)]
    _write(suite, files)
    for made in files:
        known.judge(made.output, made.record, made.identity, made.sha256)
    known.save()
    left_out = f"; left out, because something else changed them: {', '.join(foreign[:3])}" if foreign else ""
    count = sum(made.record is not None for made in files)
    return f"{count} files with the jobs that made them, {layout.jobs(suite)}{left_out}"


def read_account(suite: str) -> list[MadeFile]:
    """What `write_account` has written, here or elsewhere."""
    path = layout.jobs(suite)
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        return [
            MadeFile(output, digest, Path(record) if record else None, {**content["jobs"][job], **own}, identity, job)
            for output, digest, record, job, own, identity in content["outputs"]
        ]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): bring it back with `dvc checkout --force`") from error


def _versioned(output: str, suite: str) -> bool:
    """Whether an output is among those that travel; the record itself does not."""
    folders = (layout.DATA, layout.reports(suite), layout.runs(suite))
    return any(folder in Path(output).parents for folder in folders) and Path(output) != layout.jobs(suite)


def _large_inputs(files: Sequence[MadeFile]) -> list[str]:
    """The inputs that no job has made and that Snakemake judges by their time alone, such as one's own long list."""
    outputs = {made.output for made in files}
    inputs = sorted({path for made in files for path in made.job.get("input") or []} - outputs)
    return [path for path in inputs if Path(path).is_file() and Path(path).stat().st_size >= CHECKSUM_LIMIT]


def _write(suite: str, files: Sequence[MadeFile]) -> None:
    """Outputs of one job share its record; without a time in it the file is the same for the same jobs."""
    numbers: dict[str, int] = {}
    rows = []
    for made in files:
        shared = json.dumps({key: value for key, value in made.job.items() if key not in OWN}, sort_keys=True)
        number = numbers.setdefault(shared, len(numbers))
        own = {key: made.job[key] for key in OWN if key in made.job}
        rows.append((made.output, made.sha256, str(made.record) if made.record else None, number, own, made.identity))
    content = {"jobs": [json.loads(shared) for shared in numbers], "outputs": rows}
    with atomic(layout.jobs(suite)) as part:
        part.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
