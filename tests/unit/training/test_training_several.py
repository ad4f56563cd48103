"""Several processes train and evaluate as one does; what ends one of them ends all, and the training goes on later."""

import itertools
import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ports import free_port
from several_processes import PLAIN, done, job_of, start, wait_for
from tiny_systems import OWN_OBJECTIVES
from tiny_world import make_world, same, weights

from tcclip.training import TrainingJob, train
from tcclip.training.batches import remaining
from tcclip.training.budget import budget

SAME = 1e-4  # relative; gradients are added up in another order, and twenty steps make ten times of what that rounds
OTHERS = (*PLAIN, "ost-parts")  # which are not trained by four


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def groups(world) -> str:
    """The output of groups of 1 to 5 processes that train 20 optimizer steps, one an epoch, evaluate, and fail."""
    return done(world, "groups")


@pytest.fixture(scope="module")
def curves(world, groups) -> dict[int, pd.DataFrame]:
    """The histories of 20 optimizer steps."""
    return {count: pd.read_csv(world / f"runs/p{count}/history.csv") for count in (1, 2, 4)}


@pytest.fixture(scope="module")
def alone(world) -> TrainingJob:
    """The same training by a process without a group."""
    job = job_of(world, "alone", 20)
    train(job)
    return job


@pytest.mark.parametrize("count", [2, 4])
def test_the_loss_of_twenty_steps_is_that_of_one_process(curves, count):
    one, several = curves[1], curves[count]
    assert one["step"].tolist() == several["step"].tolist() == list(range(1, 21))
    assert np.abs(several["loss"] / one["loss"] - 1).max() < SAME
    assert several["train_top1"].tolist() == one["train_top1"].tolist()
    assert several["val_top1"].iloc[-1] == one["val_top1"].iloc[-1]
    assert one["loss"].std() > 0.01  # a curve, not a line


@pytest.mark.parametrize(("run", "count"), [*itertools.product(OWN_OBJECTIVES, (2, 4)), *((one, 2) for one in OTHERS)])
def test_compared_systems_have_the_losses_of_one_process_too(world, groups, run, count):
    one, several = (pd.read_csv(world / f"runs/{run}-p{number}/history.csv") for number in (1, count))
    assert len(one) == (4 if run == "ost-parts" else 20)
    assert np.abs(several["loss"] / one["loss"] - 1).max() < SAME and one["loss"].std() > 0.001
    assert several["train_top1"].tolist() == one["train_top1"].tolist()


def test_a_training_by_several_processes_leaves_the_files_of_one_and_says_how_many_there_were(world, curves):
    one, four = ({path.name for path in (world / f"runs/p{count}").iterdir()} for count in (1, 4))
    assert one == four
    environments = [json.loads((world / f"runs/p{count}/environment.json").read_text()) for count in (1, 4)]
    assert [environment["processes"] for environment in environments] == [1, 4]


def test_a_single_process_in_a_group_trains_the_bits_of_one_without(world, curves, alone):
    assert same(weights(alone), weights(job_of(world, "p1", 20)))


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 5), st.data())
def test_processes_deal_out_every_micro_batch_once_step_by_step(videos, accumulation, micro, data):
    count = data.draw(st.integers(1, accumulation))
    length = budget(
        videos, epochs=2, warmup_epochs=0, total_batch=accumulation * micro, micro_batch=micro, counted_for=4
    )
    whole = list(remaining(length, videos, micro, 1, 0, 0))
    shares = [iter(list(remaining(length, videos, micro, 1, 0, 0, rank, count))) for rank in range(count)]
    for first in range(0, len(whole), accumulation):
        dealt = [next(shares[turn % count]) for turn in range(accumulation)]
        assert dealt == whole[first : first + accumulation]
    assert all(next(share, None) is None for share in shares)


def test_a_loss_that_is_not_finite_ends_all_processes_with_the_videos_of_its_batch(world, groups):
    assert "not finite [1, 1, 1]" in groups
    job = job_of(world, "nan", 5)
    positions = [place for _, place in list(remaining(budget(13, epochs=5, **BATCHES), 13, 2, job.seed, 1, 0))[3]]
    names = ", ".join(f"train{place}" for place in positions)
    for process in (0, 1, 2):
        assert f"process {process}: UserError: the loss became nan in epoch 2 on videos {names}: " in groups
    assert not (job.folder / "weights.safetensors").exists()


BATCHES = {"warmup_epochs": 1, "total_batch": 8, "micro_batch": 2, "counted_for": 4}


@pytest.mark.parametrize("count", [2, 3])
def test_an_evaluation_by_several_processes_has_every_video_once_with_all_its_views(world, groups, count):
    one, several = (pd.read_parquet(world / f"runs/e{number}/predictions/test.parquet") for number in (1, count))
    assert several["video"].tolist() == one["video"].tolist() == [f"test{i}" for i in range(7)]
    scores = np.stack(several["top5_scores"].to_list())
    assert np.allclose(scores, np.stack(one["top5_scores"].to_list()), atol=1e-6)
    assert np.allclose(scores.sum(axis=1), 2)  # the probabilities of two views
    metrics = [json.loads((world / f"runs/e{number}/metrics.json").read_text()) for number in (1, count)]
    assert metrics[0]["evaluations"] == metrics[1]["evaluations"]


def test_more_processes_than_micro_batches_of_a_step_are_refused_with_the_keys(groups):
    assert "too many [1, 1, 1, 1, 1]" in groups
    assert (
        "UserError: 5 processes cannot share an optimizer step of 4 micro-batches (total_batch: 8 and micro_batch: 2 "
        "of protocol 'tiny'): start at most 4, with --gpus or machine.gpus of the suite" in groups
    )


def workers(output: str) -> list[int]:
    return [int(number) for _, number in sorted(set(re.findall(r"process (\d) has id (\d+)", output)))]


def gone(processes: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, processes))


def goes_on_as_one_process(world: Path, run: str, alone: TrainingJob, capsys) -> None:
    """The same training by one process ends with the curve of the undisturbed one."""
    job = job_of(world, run, 20)
    assert (job.folder / "state.pt").is_file()
    assert not (job.folder / "weights.safetensors").exists()
    capsys.readouterr()
    train(job)
    assert f"{run}: continues after step" in capsys.readouterr().err
    losses, undisturbed = (pd.read_csv(each.folder / "history.csv")["loss"] for each in (job, alone))
    assert np.abs(losses / undisturbed - 1).max() < SAME


def test_slurms_warning_to_the_command_saves_at_once_and_another_number_of_processes_goes_on(world, alone, capsys):
    process = start(world, "launched", "warned", "2", "20")
    output = wait_for(process, "epoch 3 step 1")
    process.send_signal(signal.SIGUSR1)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
    assert "the same command continues from there" in rest
    assert gone(workers(output), 1)
    goes_on_as_one_process(world, "warned", alone, capsys)


def test_a_killed_process_ends_the_others_quickly_with_a_sentence_and_the_state_is_there(world, alone, capsys):
    process = start(world, "launched", "killed", "2", "20")
    output = wait_for(process, "process 1 has id") + wait_for(process, "epoch 3 step 1")
    os.kill(workers(output)[-1], signal.SIGKILL)
    began = time.monotonic()
    rest, _ = process.communicate(timeout=120)
    assert time.monotonic() - began < 20
    assert process.returncode == 1
    assert "process 2 of 2 was ended by SIGKILL; the system does that when memory runs out: " in rest.splitlines()[-1]
    goes_on_as_one_process(world, "killed", alone, capsys)


def test_the_processes_of_one_machine_listen_on_the_loopback_interface_alone_and_end_after_a_killed_command(world):
    process = start(world, "launched", "orphans", "2", "200")
    output = wait_for(process, "process 0 has id") + wait_for(process, "process 1 has id")
    output += wait_for(process, "epoch 3 step 1")
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    places = [c.laddr.ip for one in family for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    process.kill()
    assert len(family) > 2 and set(places) <= {"127.0.0.1", "::1"}
    assert len(workers(output)) == 2
    assert gone(workers(output), 20)
    process.communicate(timeout=60)


def test_two_nodes_of_torchrun_train_as_one_process_and_save_when_torchrun_gets_sigterm(world, alone, capsys):
    meeting = ("--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--max-restarts", "0")
    meeting += ("--rdzv-id", "nodes", "--rdzv-endpoint", f"127.0.0.1:{free_port()}", "--local-addr", "127.0.0.1")
    launcher = ("-m", "torch.distributed.run", *meeting)
    nodes = [start(world, "launched", "nodes", "1", "20", launcher=launcher) for _ in range(2)]
    for node in nodes:
        wait_for(node, "epoch 3 step 1")
    for node in nodes:
        node.send_signal(signal.SIGTERM)
    outputs = [node.communicate(timeout=120)[0] for node in nodes]
    assert all(node.returncode for node in nodes)
    assert sum("the same command continues from there" in output for output in outputs) == 1
    goes_on_as_one_process(world, "nodes", alone, capsys)
