"""After `dvc pull` or `dvc checkout`: tell Snakemake how the files that came were made, so that it judges them itself.

Called whenever Snakemake starts. A file whose content is the recorded one gets its record back, and a modification time
that is the same for all such files: none is newer than another, and whatever is made here later is newer than all. From
then on Snakemake compares params, code and inputs as if it had made the files here. Files that were made here, and
files with another content than the recorded one, are left alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tcclip.plan import layout
from tcclip.provenance import jobs
from tcclip.provenance.contents import Known
from tcclip.provenance.record import Entry, read_record

TIME = 946_684_800  # 1 January 2000. Equal contents may be one file of DVC's cache, which has one time


def restore(suite: str) -> None:
    """Take over the files of a suite that came with a record; says in one line what it did, if anything."""
    if not layout.jobs(suite).is_file() or jobs.busy():
        return
    known = Known()
    came, kept, others = _sorted_out(read_record(suite), known)
    if came:
        for entry in (*came, *kept):
            _take_over(entry)
        for entry in (*came, *kept):  # afterwards: equal contents may be one file
            known.judge(entry.output, entry.file, entry.identity, entry.sha256)
        _say(f"{len(came)} files of suite {suite} came with the account of the jobs that made them")
    if others:
        first = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
        _say(
            f"Warning: {len(others)} files differ from those in {layout.jobs(suite)} ({first}): `dvc checkout --force` "
            "brings the recorded ones, or delete them, and snakemake makes them again"
        )
    known.save()


def _sorted_out(entries: Sequence[Entry], known: Known) -> tuple[list[Entry], list[Entry], list[str]]:
    """Entries whose files came as recorded; those that were here as recorded; files with another content."""
    came, kept, here_made, others = [], [], [], []
    for entry in entries:
        output = Path(entry.output)
        if not output.exists():
            continue
        if known.judged(entry.output, entry.file, entry.identity):
            kept += [entry] if known.sha256(entry.output) == entry.sha256 else []
            continue
        here = jobs.read(entry.file) if entry.file else None
        if here and here != entry.job and jobs.made_here(output, here):
            here_made.append(entry)
            continue
        content = known.sha256(entry.output)
        if content == entry.sha256:
            came.append(entry)
        elif entry.file:
            others.append(entry.output)
            known.judge(entry.output, entry.file, entry.identity, content)
    # DVC puts back only what differs: of a job whose other outputs came, the same bytes made here are the recorded ones
    numbers = {entry.number for entry in came}
    came += [e for e in here_made if e.number in numbers and known.sha256(e.output) == e.sha256]
    return came, kept, others


def _take_over(entry: Entry) -> None:
    """Give a file its record and the common time."""
    output = Path(entry.output)
    if entry.file and jobs.read(entry.file) != entry.job:
        entry.file.parent.mkdir(parents=True, exist_ok=True)
        entry.file.write_text(json.dumps(entry.job), encoding="utf-8")  # half of one counts as none
    for path in (output, output / jobs.STAMP):
        if path.exists():
            os.utime(path, (TIME, TIME))
            os.utime(path, (TIME, TIME), follow_symlinks=False)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
