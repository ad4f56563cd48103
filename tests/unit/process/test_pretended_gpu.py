"""Every method runs as on a GPU: nothing of it is left on the CPU, and a micro-batch waits for nothing."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pretended_gpu import GPU, OnGpu, pretended_gpu
from small_models import shaken, small
from small_videos import write_video
from tiny_source import TINY_TC, source_of, subject_of, tiny
from tiny_world import evaluation, make_world, training_job

from tcclip import Model
from tcclip.attention.record import record
from tcclip.attention.rollout import relevance
from tcclip.bench.cases import Case, Mode, Settings
from tcclip.bench.gpu.sizes import SYSTEMS
from tcclip.bench.steps import prepare
from tcclip.bench.world import config_of
from tcclip.evaluation import evaluate
from tcclip.models import Backbone
from tcclip.process.runtime import Precision
from tcclip.training import train

# Matching within a step asks once which classes its videos have.
ONCE = {"training/objective/kl_pairs.py": 1, "models/clip_video.py": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def test_what_a_gpu_refuses_is_refused_and_what_waits_is_counted() -> None:
    with pretended_gpu() as waits:
        rows = torch.ones(2, 3, requires_grad=True)
        there = rows.to("cuda:0", non_blocking=True)
        assert isinstance(there, OnGpu) and there.device == GPU and not waits
        with pytest.raises(RuntimeError, match=r"aten.mm.default of tensors on the GPU and on the CPU"):
            there @ torch.ones(3, 2)
        assert (there * 2).sum().item() == 12.0 and sum(waits.values()) == 1
        (there @ torch.full((3, 1), 2.0, device="cuda:0")).sum().backward()
        assert rows.grad is not None and rows.grad.eq(2).all()


def test_sums_of_rows_in_half_precision_are_refused() -> None:
    with pretended_gpu():
        rows = torch.ones(2, 3, device="cuda:0", requires_grad=True)
        of_many = torch.zeros(5, dtype=torch.int64, device="cuda:0")
        rows.index_select(0, of_many).bfloat16().sum().backward()
        with pytest.raises(RuntimeError, match=r"aten.index_add.default adds up rows in half precision"):
            rows.bfloat16().index_select(0, of_many).sum().backward()


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_step_is_all_on_the_gpu_and_waits_for_nothing(system: str, mode: Mode, precision: Precision) -> None:
    with pretended_gpu() as waits:
        settings = Settings("mini", precision, str(GPU), frames=4, threads=1, repeat=1)
        step = prepare(Case(system, mode, 5, 4, 2), settings, Backbone.random(config_of("mini")))
        step()
        waits.clear()
        step()
    assert waits == (ONCE if mode == "train" and system in ("action_clip", "ost") else {})


def test_a_training_waits_once_for_each_optimizer_step_and_learns_what_a_cpu_does(world: Path) -> None:
    on_cpu = training_job(world, "on-cpu", "vifi_clip")
    train(on_cpu)
    with pretended_gpu() as waits:
        on_gpu = training_job(world, "on-gpu", "vifi_clip", device=str(GPU))
        train(on_gpu)
    assert waits["training/step.py"] == 2 * 9  # losses and hits, one after the other
    ours, theirs = (pd.read_csv(job.folder / "history.csv") for job in (on_gpu, on_cpu))
    assert ours["loss"].to_numpy() == pytest.approx(theirs["loss"].to_numpy(), abs=1e-3)
    assert ours["val_top1"].equals(theirs["val_top1"])


@pytest.mark.parametrize("method", ["tc_clip", "open_vclip", "a5"])
def test_evaluations_and_predictions_are_the_cpus_but_for_rounding(world: Path, method: str) -> None:
    write_video(world / "videos" / "a.mp4", frames=9)
    on_cpu = subject_of(world, tiny(method), method)
    found = {}
    for name, there in (("cpu", contextlib.nullcontext()), (str(GPU), pretended_gpu())):
        with there:
            subject = dataclasses.replace(on_cpu, device=name)
            (test,) = evaluation(world, method)[1]
            evaluate(subject, [dataclasses.replace(test, out=world / f"{method}-{name}.parquet")])
            told = Model(source_of(world, subject), name).predict(world / "videos" / "a.mp4")
        found[name] = pd.read_parquet(world / f"{method}-{name}.parquet"), told[0].probabilities
    (ours, our_shares), (theirs, their_shares) = found.values()
    assert ours[["video", "correct1", "correct5"]].equals(theirs[["video", "correct1", "correct5"]])
    assert np.stack(ours["top5_scores"]) == pytest.approx(np.stack(theirs["top5_scores"]), abs=1e-4)
    assert our_shares == pytest.approx(their_shares, abs=1e-4)


@pytest.mark.parametrize("kind", ["tc_clip", "open_vclip", "vita_clip"])
def test_recorded_attention_and_the_relevance_of_a_class_are_the_cpus(kind: str) -> None:
    model, clip = shaken(small(kind, TINY_TC if kind == "tc_clip" else {})), torch.randn(4, 3, 32, 32)
    ours = relevance(record(model, clip, graph=True), 1).patches
    with pretended_gpu():
        theirs = relevance(record(model.to(GPU), clip, graph=True), 1).patches
        assert isinstance(theirs, OnGpu)
    assert torch.allclose(theirs.held, ours, atol=1e-5)
