"""Snakemake's console for this project: one line per finished job, with a count and the time left.

Snakemake finds logger plugins by the name of their top-level module, hence this one outside `tcclip`. A job's line is
the last line of its log, so jobs on a cluster's nodes report in the same way.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

SHOWN = ("Nothing to be done", "This was a dry-run")
REPEATED = (
    "RuleException",
    "Exiting because a job",
    "At least one job did not",
    "WorkflowError",
)  # said by the failure's lines
TAIL = 5  # lines of a failed job's log


class LogHandler(LogHandlerBase):
    """Prints progress, failures, and whatever Snakemake warns of."""

    def __post_init__(self) -> None:
        """Start counting."""
        self.started = time.monotonic()
        self.jobs: dict[int, Mapping[str, Any]] = {}
        self.finished: list[int] = []
        self.planned = False

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Print one event, if a person wants to see it."""
        fields = record.__dict__
        event = fields.get("event")
        if event == LogEvent.JOB_INFO:
            self.jobs[fields["jobid"]] = fields
        elif event == LogEvent.JOB_FINISHED:
            self.finished.append(fields["job_id"])
        elif event == LogEvent.PROGRESS:
            self._progress(fields["done"], fields["total"])
        elif event == LogEvent.JOB_ERROR:
            self._failure(fields)
        elif event == LogEvent.RUN_INFO:
            if self.common_settings.dryrun and not self.planned:
                self._print(record.getMessage())
                self.planned = True
        elif event is None or event == LogEvent.ERROR:
            text = record.getMessage()
            if (record.levelno >= WARNING and not text.startswith(REPEATED)) or text.startswith(SHOWN):
                self._print(text)

    def _progress(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self.started
        left = _duration(seconds / done * (total - done)) if done else "?"
        for number, job in enumerate(self.finished, start=done - len(self.finished) + 1):
            line = self._line(self.jobs.get(job, {}))
            remaining = f"  [{left} left]" if number == done and done < total else ""
            self._print(f"{number:{len(str(total))}d}/{total}  {line}{remaining}")
        self.finished.clear()

    def _line(self, job: Mapping[str, Any]) -> str:
        """The result line of a job, or its message."""
        logs = [line for log in job.get("log") or [] for line in _lines(Path(log))[-1:]]
        return logs[0] if logs else str(job.get("rule_msg") or job.get("rule_name") or "job")

    def _failure(self, fields: Mapping[str, Any]) -> None:
        logs = [Path(str(log)) for log in fields.get("rule_log") or fields.get("log") or []]
        job = self.jobs.get(fields.get("jobid", -1), {})
        self._print(f"failed: {job.get('rule_msg') or fields.get('rule_name')}")
        for log in logs:
            lines = _lines(log)
            shown = lines[-1:] if lines and lines[-1].startswith("Error: ") else lines[-TAIL:]
            for line in shown:
                self._print(f"    {line}")
            self._print(f"    whole log: {log}")

    def _print(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
