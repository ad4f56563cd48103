"""What a person sees while Snakemake works: on a terminal the tables being filled, in a log the runs counted."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess

import preloaded

RUN = "few_shot-ucf101-k2-vifi_clip-s1024"


def on_a_terminal(project, *command: str) -> str:
    """All that a terminal of 120 columns gets to see."""
    ours, theirs = pty.openpty()
    environment = project.environment(preloaded.search_path()) | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(
        command, cwd=project.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            seen += part
    os.close(ours)
    assert process.returncode == 0
    return seen.decode(errors="replace")


def test_a_terminal_shows_the_tables_being_filled(project):
    shutil.rmtree(project.folder / "runs/mini" / RUN)
    seen = on_a_terminal(project, "snakemake", "table3")
    assert "4 of 5 runs" in seen and "█" in seen
    assert "all runs there: table2, table3" in seen
    assert "runs: 0 done, 1 running, 0 failed, 0 left" in seen
    assert seen.rstrip().endswith("\x1b[2K"), "the live block was not taken away"


def test_a_log_counts_the_runs_and_has_no_control_characters(project):
    shutil.rmtree(project.folder / "runs/mini" / RUN)
    lines = project.snakemake("table3").splitlines()
    assert not any("\x1b" in line for line in lines)
    evaluated = next(line for line in lines if f"evaluating {RUN}" in line)
    assert "[runs: 1 done, 0 running, 0 failed, 0 left; " in evaluated


def test_a_failed_job_names_its_log_and_shows_how_that_ends(project):
    shutil.rmtree(project.folder / "runs/mini" / RUN)
    code = project.folder / "tcclip/training/losses.py"
    code.write_text(code.read_text() + "\n\nraise ValueError('a mistake of a programmer')\n")
    output = project.snakemake("table3", check=False)
    failed = re.search(r"failed: training (\S+)", output)
    assert failed, "no failed training is named"  # the mistake is in every training; which starts first is no matter
    log = f"logs/mini/train/{failed[1].rstrip(':')}.log"
    assert "a mistake of a programmer" in output
    assert f"whole log: {log}" in output
    assert "Traceback" in (project.folder / log).read_text()
