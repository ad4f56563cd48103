"""The time left that the console tells is near the truth from the first minutes on, in whatever order jobs come."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path

import pytest

from snakemake_logger_plugin_tcclip.board import Board
from tcclip.plan import load_plan

PLACES = 2
FACTORS = {"train": 0.4, "evaluate": 0.2}  # what jobs take, of what the plan estimates
BATCH = 50  # trainings before their tests
TABLES = 5  # jobs of no run


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    trained = sum(run.trained for run in plan.runs.values())
    return Board(plan, {"train": trained, "evaluate": len(plan.runs), "table": TABLES}, Clock())


def told(board: Board, busy: tuple[float, float] = (0.0, 0.0)) -> Iterator[tuple[float, float]]:
    """When a job ends, and the time left as it is told: trainings, some later their tests, then tables, on two places.

    Between the times of `busy` jobs begin that take three times as long.
    """
    runs, cost = list(board.plan.runs), board.pace.cost
    batches = [runs[first : first + BATCH] for first in range(0, len(runs), BATCH)]
    jobs = [(rule, run) for batch in batches for rule in cost for run in batch if run in cost[rule]]
    jobs += [("table", "")] * TABLES
    running: list[tuple[float, int]] = []
    waiting = list(enumerate(jobs))[::-1]
    while waiting or running:
        while waiting and len(running) < PLACES:
            number, (rule, run) = waiting.pop()
            board.start(number, rule, run)
            seconds = cost[rule][run] * FACTORS[rule] if run else 1.0
            slow = 3 if busy[0] <= board.clock.now < busy[1] else 1
            heapq.heappush(running, (board.clock.now + slow * seconds, number))
        board.clock.now, number = heapq.heappop(running)
        board.finish(number)
        left = board.seconds_left()
        assert left is not None
        yield board.clock.now, left


def test_the_time_left_is_near_the_truth_all_the_while(board: Board) -> None:
    found = list(told(board))
    end = found[-1][0]
    early = [left / (end - now) for now, left in found if now < 0.2 * end][20:]
    late = [left / (end - now) for now, left in found if 0.5 * end < now < 0.9 * end]
    assert min(early) > 0.8 and max(early) < 1.6  # no test has ended, and they are half as slow as trainings
    assert min(late) > 0.9 and max(late) < 1.1


def test_a_time_when_the_machine_was_busy_is_forgotten(board: Board) -> None:
    found = list(told(board, busy=(0.0, 100.0)))
    end = found[-1][0]
    later = [left / (end - now) for now, left in found if 300 < now < 0.9 * end]
    assert min(later) > 0.85 and max(later) < 1.15


def test_nothing_is_left_when_all_has_ended(board: Board) -> None:
    assert list(told(board))[-1][1] == 0


def test_what_follows_from_a_failed_training_is_not_waited_for(board: Board) -> None:
    run = "few_shot-hmdb51-k2-tc_clip-s1024"
    board.planned = {"train": 2, "evaluate": 2}
    board.start(1, "train", run)
    board.clock.now += 10
    board.fail(1)
    other = "few_shot-hmdb51-k2-vifi_clip-s1024"
    for rule in ("train", "evaluate"):
        board.start(2, rule, other)
        board.clock.now += 10
        board.finish(2)
    assert board.seconds_left() == 0
