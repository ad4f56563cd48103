"""What is computed with gradients is repeatable on a GPU too; a forward pass keeps the quickest kernels."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from operations import Operations

from tcclip.bench import run
from tcclip.bench.cases import Case, Settings
from tcclip.bench.steps import prepare
from tcclip.bench.world import config_of
from tcclip.models import Backbone
from tcclip.process.runtime import deterministic

SYSTEMS = (
    *("tc_clip", "vifi_clip", "action_clip", "a5", "x_clip", "vita_clip", "open_vclip", "maxi", "ost", "froster"),
    "tc_clip_light",
)
# Of a tensor on a GPU these raise a RuntimeError where results must not vary (docs of use_deterministic_algorithms).
REFUSED = {
    *("avg_pool3d_backward", "_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d_backward", "histc", "put", "put_"),
    *("adaptive_max_pool2d_backward", "fractional_max_pool2d_backward", "max_pool3d_with_indices_backward", "median"),
    *("upsample_linear1d_backward", "upsample_bilinear2d_backward", "upsample_bicubic2d_backward", "kthvalue"),
    *("reflection_pad1d_backward", "reflection_pad2d_backward", "nll_loss2d_forward", "_ctc_loss_backward"),
    *("_embedding_bag_backward", "grid_sampler_2d_backward", "bincount", "scatter_reduce", "scatter_reduce_"),
    *("max_unpool2d", "max_unpool3d", "replication_pad2d_backward", "_cdist_backward"),
}


def test_what_has_gradients_never_varies_on_a_gpu_and_a_forward_pass_takes_any_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda mode, *, warn_only: asked.append(warn_only))
    deterministic(1, 0)
    deterministic(1, 0, gradients=False)
    assert asked == [False, True]


def test_the_bench_measures_training_with_repeatable_gradients_and_evaluation_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[bool] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "deterministic", lambda threads, seed, gradients=True: asked.append(gradients))
    rows = [Case("vifi_clip", mode, 3, 1, 1) for mode in ("eval", "train")]
    run.bench(rows, [Settings("mini", "fp32", "cpu", 2, 1, 1)], None, memory=False)
    assert asked[-2:] == [False, True]


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_training_step_has_an_operation_that_a_gpu_cannot_repeat(system: str) -> None:
    settings = Settings("mini", "bf16", "cpu", 2, 1, 1)
    step = prepare(Case(system, "train", 3, 2, 1), settings, Backbone.random(config_of("mini")))
    with Operations() as operations:
        step()
    assert "_fused_adamw_" in operations.names  # the whole step was heard
    assert not operations.names & REFUSED
