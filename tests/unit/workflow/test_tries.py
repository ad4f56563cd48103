"""A job that says the same sentence at every try is given up; what another try may cure is tried again."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tcclip.workflow.tries import MOST, no_more_of_the_same

RETRIES = 25


class Job:
    """As Snakemake's jobs, as far as tries go."""

    def __init__(self, *logs: Path) -> None:
        self.log, self.restart_times, self._attempt = logs, RETRIES, 1

    @property
    def attempt(self) -> int:
        return self._attempt

    def is_group(self) -> bool:
        return False


class Shared(Job):
    """A training and its evaluation in one job."""

    def __init__(self, *jobs: Job) -> None:
        super().__init__()
        self.jobs = jobs

    def is_group(self) -> bool:
        return True


def tries_of(job: Job, endings: list[dict[Path, str]]) -> int:
    """How often Snakemake would try a job whose tries end with these last lines of its logs."""
    told: list[Any] = []
    executor = SimpleNamespace(print_job_error=lambda info, msg, **more: told.append(info))
    no_more_of_the_same(SimpleNamespace(get_executor=lambda job: executor))
    for number, logs in enumerate(endings, start=1):
        for log, line in logs.items():
            log.write_text(f"try {number}\n{line}\n")
            os.utime(log, (number, number))
        executor.print_job_error(SimpleNamespace(job=job), None)
        assert len(told) == number
        if job.attempt > job.restart_times:
            return number
        job._attempt += 1
    return len(endings)


def test_the_same_sentence_at_every_try_ends_it(tmp_path, caplog):
    log = tmp_path / "train.log"
    missing = "Error: training x: 30 videos are missing, more than max_missing allows"
    assert tries_of(Job(log), [{log: missing}] * (RETRIES + 1)) == MOST
    said = [record.getMessage().strip() for record in caplog.records]
    assert said[0] == "tried again, 2 of 26 times at most"
    assert said[-1] == "not tried again, as 3 tries have said the same; after the repair the same command goes on"


def test_a_training_shares_its_job_with_an_evaluation_that_never_begins(tmp_path):
    train, evaluate = tmp_path / "train.log", tmp_path / "evaluate.log"
    assert tries_of(Shared(Job(train), Job(evaluate)), [{train: "Error: no"}] * 9) == MOST


@pytest.mark.parametrize(
    "line", ["stopped in epoch 5 after step 8: the same command continues from there", "epoch 1/40  loss 4.3", ""]
)
def test_a_training_that_is_out_of_time_or_killed_has_all_its_tries(tmp_path, line):
    log = tmp_path / "train.log"
    assert tries_of(Job(log), [{log: line}] * (RETRIES + 1)) == RETRIES + 1


def test_different_sentences_in_turn_are_tried_again(tmp_path):
    log = tmp_path / "train.log"
    assert tries_of(Job(log), [{log: f"Error: {number % 2}"} for number in range(RETRIES + 1)]) == RETRIES + 1


def test_a_try_that_never_began_does_not_repeat_the_sentence_of_the_one_before(tmp_path):
    log = tmp_path / "train.log"
    assert tries_of(Job(log), [{log: "Error: no"}, *[{}] * RETRIES]) == RETRIES + 1
