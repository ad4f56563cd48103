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
from tcclip.provenance import snakemake_metadata
from tcclip.provenance.contents import KnownContents
from tcclip.provenance.job_account import MadeFile, read_account

TIME = 946_684_800  # 1 January 2000. Equal contents may be one file of DVC's cache, which has one time


def restore(suite: str) -> None:
    """Take over the files of a suite that came with a record; says in one line what it did, if anything."""
    if not layout.jobs(suite).is_file() or snakemake_metadata.busy():
        return
    known = KnownContents()
    came, kept, others = _sorted_out(read_account(suite), known)
    if came:
        snakemake_metadata.check_snakemake()
        for made in (*came, *kept):
            _take_over(made)
        for made in (*came, *kept):  # afterwards: equal contents may be one file
            known.judge(made.output, made.record, made.identity, made.sha256)
        _say(f"{len(came)} files of suite {suite} came with the account of the jobs that made them")
    if others:
        first = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
        _say(
            f"Warning: {len(others)} files differ from those in {layout.jobs(suite)} ({first}): `dvc checkout --force` "
            "brings the recorded ones, or delete them, and snakemake makes them again"
        )
    known.save()


def _sorted_out(files: Sequence[MadeFile], known: KnownContents) -> tuple[list[MadeFile], list[MadeFile], list[str]]:
    """Files that came as recorded; those that were here as recorded; the names of those with another content."""
    came, kept, here_made, others = [], [], [], []
    for made in files:
        output = Path(made.output)
        if not output.exists():
            continue
        if known.judged(made.output, made.record, made.identity):
            kept += [made] if known.sha256(made.output) == made.sha256 else []
            continue
        here = snakemake_metadata.read(made.record) if made.record else None
        if here and here != made.job and snakemake_metadata.made_here(output, here):
            here_made.append(made)
            continue
        content = known.sha256(made.output)
        if content == made.sha256:
            came.append(made)
        elif made.record:
            others.append(made.output)
            known.judge(made.output, made.record, made.identity, content)
    # DVC puts back only what differs: of a job whose other outputs came, the same bytes made here are the recorded ones
    numbers = {made.number for made in came}
    came += [e for e in here_made if e.number in numbers and known.sha256(e.output) == e.sha256]
    return came, kept, others


def _take_over(made: MadeFile) -> None:
    """Give a file its record and the common time."""
    output = Path(made.output)
    if made.record and snakemake_metadata.read(made.record) != made.job:
        made.record.parent.mkdir(parents=True, exist_ok=True)
        made.record.write_text(json.dumps(made.job), encoding="utf-8")  # half of one counts as none
    for path in (output, output / snakemake_metadata.STAMP):
        if path.exists():
            os.utime(path, (TIME, TIME))
            os.utime(path, (TIME, TIME), follow_symlinks=False)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
