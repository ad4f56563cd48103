"""What the console says of a job that failed, from the records that Snakemake hands to its loggers."""

from __future__ import annotations

import logging
import logging.handlers
import queue

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tcclip import LogHandler

REFUSED = "sbatch: error: invalid partition specified: gpux"


@pytest.fixture
def said(monkeypatch) -> tuple[LogHandler, list[str]]:
    """A handler and the lines that it prints."""
    lines: list[str] = []
    monkeypatch.setattr("snakemake_logger_plugin_tcclip.screen.Screen.say", lambda _, line: lines.append(line))
    handler = LogHandler.__new__(LogHandler)
    handler.__post_init__()
    handler.jobs[7] = {"rule_msg": "training a_run"}
    return handler, lines


def test_a_job_that_the_cluster_refuses_shows_why_and_that_it_never_began(said, tmp_path):
    handler, lines = said
    log = tmp_path / "a_run.log"
    handler._failure({"jobid": 7, "rule_msg": REFUSED, "rule_log": [log]})
    assert lines == ["failed: training a_run", f"    {REFUSED}", f"    there is no {log}: it never began"]


def test_a_job_that_failed_shows_the_end_of_its_log(said, tmp_path):
    handler, lines = said
    log = tmp_path / "a_run.log"
    log.write_text("".join(f"line {number}\n" for number in range(9)))
    handler._failure({"jobid": 7, "rule_log": [log]})
    assert lines == ["failed: training a_run", *(f"    line {n}" for n in range(4, 9)), f"    whole log: {log}"]


def group_failed(handler, tmp_path, training: str | None, evaluation: str | None) -> None:
    """The records of a failed job of a cluster that trains and evaluates, whose logs hold what is given."""
    jobs = []
    for number, (word, text) in enumerate({"training": training, "evaluating": evaluation}.items(), start=8):
        log = tmp_path / f"{word}.log"
        if text is not None:
            log.write_text(text)
        handler.jobs[number] = {"rule_msg": f"{word} a_run"}
        jobs.append({"jobid": number, "log": [str(log)], "indent": True})
    cluster = tmp_path / "9.log"
    cluster.write_text("snakemake is quiet\nslurmstepd: error: Detected 1 oom-kill event(s)\n")
    told = {"event": LogEvent.GROUP_ERROR, "job_error_info": jobs, "aux_logs": [str(cluster)]}
    handler.emit(logging.makeLogRecord(told))
    for job in jobs:
        handler.emit(logging.makeLogRecord({"event": LogEvent.JOB_ERROR, **job}))


@pytest.mark.parametrize(
    ("training", "evaluation", "failed"),
    [
        ("stopped in epoch 3", None, "training"),
        ("stopped in epoch 3", "", "training"),
        ("training a_run: loss 1.9, 3 s", "Error: evaluating a_run: no", "evaluating"),
        ("training a_run: loss 1.9, 3 s", "", "evaluating"),
        (None, None, "evaluating"),
    ],
)
def test_of_jobs_that_share_a_clusters_job_the_one_that_failed_is_told_once(
    said, tmp_path, training, evaluation, failed
):
    handler, lines = said
    group_failed(handler, tmp_path, training, evaluation)
    assert [line for line in lines if line.startswith("failed")] == [f"failed: {failed} a_run"]
    assert lines[-1] == "    slurmstepd: error: Detected 1 oom-kill event(s)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("WorkflowError:\nAt least one job did not complete successfully.", False), (f"WorkflowError:\n{REFUSED}", True)],
)
def test_an_error_of_snakemake_itself_is_shown_unless_it_repeats(said, text, shown):
    handler, lines = said
    handler.emit(logging.makeLogRecord({"msg": text, "levelno": logging.ERROR}))
    assert bool(lines) == shown


def test_an_error_of_the_console_costs_one_event(said, capsys):
    """In Snakemake's thread, which would end, and with it all that is said later."""
    handler, lines = said
    logging.Handler.__init__(handler)
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    listener = logging.handlers.QueueListener(records, handler)
    listener.start()
    for fields in ({"event": LogEvent.JOB_INFO}, {"event": None}):  # the first one lacks its number
        records.put(logging.makeLogRecord({"levelno": logging.WARNING, "msg": "something else", **fields}))
    listener.stop()
    assert lines == ["something else"]
    assert "KeyError: 'jobid'" in capsys.readouterr().err
