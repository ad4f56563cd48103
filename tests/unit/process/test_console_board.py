"""The console counts the runs of a call and tells the time left from what finished runs took."""

from __future__ import annotations

import json
import os
from pathlib import Path
from statistics import fmean

import pytest

from snakemake_logger_plugin_tcclip.board import Board
from snakemake_logger_plugin_tcclip.screen import block, duration, summary
from tcclip.plan import load_plan

PLANNED = {"train": 3, "evaluate": 4, "frames": 2}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Board:
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    return Board(plan, PLANNED, clock)


def names(board: Board, count: int) -> list[str]:
    """Runs that cost the same."""
    alike = [name for name in board.plan.runs if name.startswith("few_shot-hmdb51-k2-")]
    assert len({board.pace.cost["train"][name] for name in alike[:count]}) == 1
    return alike[:count]


def all_alike(board: Board) -> None:
    """Every training and every evaluation costs the same."""
    board.pace.cost = {rule: dict.fromkeys(runs, 1.0) for rule, runs in board.pace.cost.items()}


def has_results(run: str, seconds: float = 1.0) -> None:
    folder = Path("runs/mini") / run
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").touch()
    (folder / "training.json").write_text(json.dumps({"seconds": seconds}))
    (folder / "metrics.json").touch()


def test_a_run_is_done_when_it_is_evaluated(board: Board) -> None:
    first, second, _ = names(board, 3)
    board.start(1, "train", first)
    board.start(2, "train", second)
    assert board.counts() == {"done": 0, "running": 2, "failed": 0, "left": 2}
    assert not board.finish(1)
    board.start(3, "evaluate", first)
    assert board.finish(3)
    assert board.counts() == {"done": 1, "running": 1, "failed": 0, "left": 2}


def test_what_failed_counts_until_it_is_tried_again(board: Board) -> None:
    (first,) = names(board, 1)
    board.start(1, "train", first)
    board.fail(1)
    assert board.counts() == {"done": 0, "running": 0, "failed": 1, "left": 3}
    board.start(1, "train", first)
    assert board.counts() == {"done": 0, "running": 1, "failed": 0, "left": 3}


def test_the_time_left_is_that_of_runs_of_the_same_cost(board: Board, clock: Clock) -> None:
    (first,) = names(board, 1)
    assert board.seconds_left() is None
    for job, rule in enumerate(("frames", "frames")):
        board.start(job, rule, "")
        clock.now += 5
        board.finish(job)
    for job, rule in enumerate(("train", "evaluate"), start=10):
        board.start(job, rule, first)
        clock.now += 20
        board.finish(job)
    all_alike(board)
    assert board.seconds_left() == pytest.approx(2 * 20 + 3 * 20)  # one after another, as until now


def test_two_jobs_at_a_time_take_half_the_time(board: Board, clock: Clock) -> None:
    board.planned = {"train": 4, "evaluate": 4}
    all_alike(board)
    for rule in ("train", "evaluate"):
        for job, run in enumerate(names(board, 2)):
            board.start(job, rule, run)
        clock.now += 20
        for job in (0, 1):
            board.finish(job)
    assert board.seconds_left() == pytest.approx(2 * 40 / 2)


def test_what_waits_in_a_clusters_queue_does_not_run_and_its_waiting_is_no_work(board: Board, clock: Clock) -> None:
    board = Board(board.plan, {"train": 4, "evaluate": 4}, clock, queued=True)
    all_alike(board)
    runs, logs = names(board, 4), [Path(f"{number}.log") for number in range(4)]
    logs[3].write_text("of the try before")
    for job, (run, log) in enumerate(zip(runs, logs, strict=True)):
        board.start(job, "train", run, log)
    assert board.counts() == {"done": 0, "running": 0, "failed": 0, "left": 4}
    clock.now += 1000
    logs[0].write_text("training")
    board.look()
    assert board.counts() == {"done": 0, "running": 1, "failed": 0, "left": 3}
    clock.now += 20
    board.finish(0)
    board.start(0, "evaluate", runs[0], Path("evaluate.log"))
    Path("evaluate.log").write_text("evaluating")
    board.look()
    assert board.counts()["running"] == 1
    clock.now += 20
    board.finish(0)
    assert board.counts() == {"done": 1, "running": 0, "failed": 0, "left": 3}
    assert board.seconds_left() == pytest.approx(3 * 40)


def test_jobs_that_run_count_as_much_as_those_that_have_ended(board: Board, clock: Clock) -> None:
    board.planned = {"train": 4, "evaluate": 4}
    all_alike(board)
    first, *others = names(board, 4)
    for job, run in enumerate(others, start=10):
        board.start(job, "train", run)
    board.start(1, "train", first)
    clock.now += 20
    board.finish(1)
    board.start(1, "evaluate", first)
    clock.now += 20
    board.finish(1)
    assert board.seconds_left() == pytest.approx(3 * 20 / 4)  # four at a time: three trainings end now, tests follow


def test_where_only_trainings_are_asked_for_they_finish_a_run(board: Board, clock: Clock) -> None:
    board.planned = {"train": 3}
    (first,) = names(board, 1)
    board.start(1, "train", first)
    clock.now += 20
    assert board.finish(1)
    assert board.counts() == {"done": 1, "running": 0, "failed": 0, "left": 2}


def test_runs_of_an_earlier_call_tell_the_time_before_the_first_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    (run,) = [name for name in plan.runs if name == "few_shot-hmdb51-k2-tc_clip-s1024"]
    has_results(run, seconds=30)
    board = Board(plan, {"train": 2, "evaluate": 2}, Clock())
    cost = board.pace.cost
    mean = sum(fmean(of for name, of in cost[rule].items() if name != run) for rule in ("train", "evaluate"))
    assert board.seconds_left() == pytest.approx(2 * 30 * mean / cost["train"][run])


def evaluated(board: Board, run: str) -> None:
    for rule in ("train", "evaluate"):
        board.start(1, rule, run)
        board.finish(1)


def test_tables_fill_with_their_runs_and_empty_when_one_is_trained_again(board: Board) -> None:
    before = {filled.table: filled for filled in board.tables()}
    run = "few_shot-hmdb51-k2-tc_clip-s1024"
    evaluated(board, run)
    after = {filled.table: filled for filled in board.tables()}
    assert before["table3"].done == 0
    assert after["table3"] == before["table3"]._replace(done=1)
    board.start(2, "train", run)  # Snakemake removes its files before
    assert {filled.table: filled for filled in board.tables()} == before


def test_runs_that_are_there_already_fill_tables_unless_their_results_are_older_than_their_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    run, other = "few_shot-hmdb51-k2-tc_clip-s1024", "few_shot-hmdb51-k2-vifi_clip-s1024"
    has_results(run)
    has_results(other)
    os.utime(Path("runs/mini") / other / "metrics.json", (0, 0))
    assert Board(plan, PLANNED, Clock()).there == {run}


@pytest.mark.parametrize("content", [None, "{}", "[]", "{", '{"seconds": null}'])
def test_a_training_that_does_not_say_how_long_it_took_is_left_out(tmp_path, monkeypatch, content) -> None:
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    silent, other = "few_shot-hmdb51-k2-tc_clip-s1024", "few_shot-hmdb51-k2-vifi_clip-s1024"
    has_results(silent)
    has_results(other, 20.0)
    said = Path("runs/mini") / silent / "training.json"
    said.unlink()
    if content:
        said.write_text(content)
    board = Board(plan, PLANNED, Clock())
    assert (board.pace.before, board.there) == ({other: 20.0}, {silent, other})


def test_looking_at_the_time_left_looks_at_no_file(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = names(board, 1)
    evaluated(board, first)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: pytest.fail("a file was looked at"))
    assert board.seconds_left() is not None and board.tables()


def test_the_block_shows_unfinished_tables_as_bars_and_names_the_others(board: Board) -> None:
    board.there.update(board.plan.runs_of("table2"))
    lines = block(board)
    assert any(line.startswith("table3 ") and line.endswith(" runs") for line in lines)
    assert any(line.startswith("all runs there: ") and "table2" in line for line in lines)
    assert lines[-1] == summary(board)
    assert summary(board).startswith("runs: 0 done, 0 running, 0 failed, 4 left; ")


def test_durations_are_read_easily() -> None:
    assert [duration(s) for s in (45, 440, 93900)] == ["45 s", "7 min 20 s", "26 h 05 min"]
