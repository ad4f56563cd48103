"""Snakemake's console for this project: one line per finished job, the runs counted, and the time left.

Snakemake finds logger plugins by the name of their top-level module, hence this one outside `tcclip`. A job's line is
the last line of its log, so jobs on a cluster's nodes report in the same way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tcclip.board import EVALUATE, TRAIN, Board
from snakemake_logger_plugin_tcclip.screen import Screen, duration, summary
from snakemake_logger_plugin_tcclip.why import why
from tcclip.plan import plan_with_seeds
from tcclip.process.home import move_caches

move_caches()  # Snakemake loads its plugins before it makes its cache

DRY = "This was a dry-run"  # begins what Snakemake says when it has named all jobs
SHOWN = ("Nothing to be done", DRY)
REPEATED = (  # said by the failure's lines
    "RuleException",
    "Exiting because a job",
    "At least one job did not",
    "WorkflowError:\nAt least one job did not",
)
SUITE, SEEDS, QUEUED = "suite", "seeds", "queued"  # fields of the record with which jobs begin (workflow.starting)
LOOK = 5.0  # seconds between two looks at which jobs of a cluster's queue have begun
TAIL = 5  # lines of a failed job's log


class LogHandler(LogHandlerBase):
    """Prints progress, failures, and whatever Snakemake warns of."""

    def __post_init__(self) -> None:
        """Start counting."""
        self.started = time.monotonic()
        self.jobs: dict[int, Mapping[str, Any]] = {}
        self.finished: list[int] = []
        self.planned: dict[str, int] = {}  # jobs of this call by rule
        self.board: Board | None = None  # of the suite, which the Snakefile names when its jobs begin
        self.screen = Screen()
        self.closed = threading.Event()

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Print one event, if a person wants to see it.

        An error costs one event: it would end the thread that Snakemake calls this in, and all that comes later.
        """
        try:
            self._emit(record)
        except Exception:
            self.handleError(record)

    def _emit(self, record: LogRecord) -> None:
        fields = record.__dict__
        event = fields.get("event")
        if event == LogEvent.JOB_INFO:
            self._starts(fields)
        elif event == LogEvent.JOB_FINISHED:
            self.finished.append(fields["job_id"])
        elif event == LogEvent.PROGRESS:
            self._progress(fields["done"], fields["total"])
        elif event == LogEvent.GROUP_ERROR:
            self._failures(fields["job_error_info"], fields.get("aux_logs") or [])
        elif event == LogEvent.JOB_ERROR:
            if not fields.get("indent"):  # else of a group, which has told it
                self._failure(fields)
        elif event == LogEvent.RUN_INFO:
            if self.common_settings.dryrun and not self.planned:
                self.screen.say(record.getMessage())
            self.planned = {rule: jobs for rule, jobs in fields.get("stats", {}).items() if rule != "total"}
        elif SUITE in fields:
            self._begin(fields[SUITE], fields.get(SEEDS, ""), bool(fields.get(QUEUED)))
        elif event is None or event == LogEvent.ERROR:
            text = record.getMessage()
            if text.startswith(DRY):
                for line in why(self.jobs.values()):
                    self.screen.say(line)
            if (record.levelno >= WARNING and not text.startswith(REPEATED)) or text.startswith(SHOWN):
                self.screen.say(text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self.closed.set()
        self.screen.close()
        super().close()

    def _begin(self, suite: str, seeds: str, queued: bool) -> None:
        self.board = Board(plan_with_seeds(suite, seeds), self.planned, queued=queued)
        if queued:
            threading.Thread(target=self._look, args=(self.board,), daemon=True).start()
        self.screen.watch(self.board)

    def _look(self, board: Board) -> None:
        """Jobs of a queue tell nobody when they begin."""
        while not self.closed.wait(LOOK):
            board.look()

    def _starts(self, fields: Mapping[str, Any]) -> None:
        job, wildcards = fields["jobid"], fields.get("wildcards") or {}
        self.jobs[job] = fields
        if self.board:
            rule = str(fields["rule_name"])
            run = str(wildcards.get("run", "")) if rule in (TRAIN, EVALUATE) else ""
            logs = fields.get("log") or []
            self.board.start(job, rule, run, Path(str(logs[0])) if logs else None)

    def _progress(self, done: int, total: int) -> None:
        for number, job in enumerate(self.finished, start=done - len(self.finished) + 1):
            line = self._line(self.jobs.get(job, {}))
            ends_a_run = self.board.finish(job) if self.board else False
            left = f"  [{self._left(done, total, ends_a_run)}]" if number == done and done < total else ""
            self.screen.say(f"{number:{len(str(total))}d}/{total}  {line}{left}")
        self.finished.clear()

    def _left(self, done: int, total: int, ends_a_run: bool) -> str:
        """What stands behind a finished job: the runs counted where one has ended, and the time left."""
        if self.board and ends_a_run:
            return summary(self.board)
        seconds = self.board.seconds_left() if self.board else None
        if seconds is None:
            seconds = (time.monotonic() - self.started) / done * (total - done)
        return f"{duration(seconds)} left"

    def _line(self, job: Mapping[str, Any]) -> str:
        """The result line of a job, or its message."""
        logs = [line for log in job.get("log") or [] for line in _lines(Path(log))[-1:]]
        return logs[0] if logs else str(job.get("rule_msg") or job.get("rule_name") or "job")

    def _failures(self, jobs: Sequence[Mapping[str, Any]], said: Sequence[str]) -> None:
        """What failed of jobs that shared a cluster's job: not those before it, nor those after it.

        Of the cluster's own logs (`said`) the errors, such as too little memory; Snakemake names no other reason here.
        """
        failed = [job for job in jobs if not self._succeeded(job)]
        spoke = [job for job in failed if _ends(job)]  # Snakemake makes an empty log of what never began
        told = spoke or failed[-1:] or jobs[-1:]
        for job in told:
            self._failure(job)
        for job in jobs:
            if self.board and job not in told:
                self.board.jobs.pop(job["jobid"], None)  # it is submitted again with the others
        for log in map(Path, said):
            for line in [line for line in _lines(log) if ": error: " in line][-TAIL:]:
                self.screen.say(f"    {line}")

    def _succeeded(self, job: Mapping[str, Any]) -> bool:
        """Whether the log ends with the line of a finished stage, which begins as the rule's message."""
        message = self.jobs.get(job["jobid"], {}).get("rule_msg")
        ends = _ends(job)
        return bool(ends) and all(line.startswith(f"{message}: ") for line in ends)

    def _failure(self, fields: Mapping[str, Any]) -> None:
        logs = [Path(str(log)) for log in fields.get("rule_log") or fields.get("log") or []]
        job = self.jobs.get(fields.get("jobid", -1), {})
        if self.board:
            self.board.fail(fields.get("jobid", -1))
        self.screen.say(f"failed: {job.get('rule_msg') or fields.get('rule_name')}")
        if reason := fields.get("rule_msg"):  # of who should have run it, such as Slurm
            self.screen.say(f"    {reason}")
        for log in logs:
            if not log.is_file():
                self.screen.say(f"    there is no {log}: it never began")
                continue
            lines = _lines(log)
            shown = lines[-1:] if lines and lines[-1].startswith("Error: ") else lines[-TAIL:]
            for line in shown:
                self.screen.say(f"    {line}")
            self.screen.say(f"    whole log: {log}")


def _ends(job: Mapping[str, Any]) -> list[str]:
    """The last lines of a job's logs that are not empty."""
    return [line for log in job["log"] for line in _lines(Path(str(log)))[-1:]]


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
