"""A training on a GPU that is stopped goes on to the same bits, and its evaluation repeats; cards add up gradients."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import torch
import torch.multiprocessing
from tiny_world import machine, make_world, same, training_job, weights

from tcclip.process import distributed
from tcclip.training import TrainingJob, train


def job_of(world: Path, run: str, device: torch.device) -> TrainingJob:
    return training_job(world, run, device=str(device), machine=machine(precision="bf16", loader_workers=1))


def test_a_stopped_training_ends_with_the_bits_of_one_that_was_not(
    tmp_path: Path, device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(tmp_path)
    undisturbed, stopped = (job_of(world, run, device) for run in ("undisturbed", "stopped"))
    train(undisturbed)
    step = sys.modules["tcclip.training.loop"].optimizer_step

    def interrupted(setup: object, progress: object, *others: object) -> None:
        step(setup, progress, *others)
        if (progress.epoch, progress.step) == (1, 1):  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr("tcclip.training.loop.optimizer_step", interrupted)
        with pytest.raises(SystemExit):
            train(stopped)
    assert (stopped.folder / "state.pt").is_file()
    train(stopped)
    assert same(weights(undisturbed), weights(stopped))


def added_up(rank: int, count: int, meeting: str) -> None:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(count))
    with distributed.process_group(meeting):
        gradient = torch.full((1000,), float(rank + 1), device="cuda")
        distributed.all_reduce_gradients([gradient])
        assert gradient.unique().tolist() == [sum(range(1, count + 1))]
        assert distributed.all_reduce_max(rank) == count - 1


def test_gradients_of_all_cards_are_added_up(tmp_path: Path, gpu: torch.device) -> None:
    count = torch.cuda.device_count()
    if count < 2:
        pytest.skip("one GPU")
    torch.multiprocessing.spawn(added_up, (count, f"file://{tmp_path}/meeting"), nprocs=count)
