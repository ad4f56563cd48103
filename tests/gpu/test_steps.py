"""A step on a GPU waits for nothing, keeps nothing, and gives the same bits again."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from tcclip.bench.cases import Case, Settings
from tcclip.bench.gpu.sizes import SYSTEMS
from tcclip.bench.steps import prepare
from tcclip.bench.world import config_of
from tcclip.models import Backbone
from tcclip.models.compiled import Compiled

# A step of pairs asks once which classes its videos have; the transport asks whether it has converged.
WAIT = {"action_clip": "which classes", "ost": "converged"}


def step_of(system: str, device: torch.device, compiled: Compiled = "off", precision: Any = "bf16") -> partial[None]:
    settings = Settings("mini", precision, str(device), 4, 1, 1, compiled)
    step = prepare(Case(system, "train", 5, 4, 2), settings, Backbone.random(config_of("mini")))
    assert isinstance(step, partial)
    return step


def weights(step: partial[None]) -> dict[str, Tensor]:
    return {name: p.detach().cpu().clone() for name, p in step.args[1].named_parameters()}


@pytest.mark.parametrize("system", [name for name in SYSTEMS if name not in WAIT])
def test_a_training_step_never_waits_for_the_gpu(system: str, gpu: torch.device) -> None:
    step = step_of(system, gpu)
    step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_step_gives_the_same_bits_in_every_run(system: str, device: torch.device) -> None:
    found = []
    for _ in range(2):
        step = step_of(system, device)
        for _ in range(2):
            step()
        found.append(weights(step))
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


@pytest.mark.parametrize("system", ["tc_clip", "vifi_clip", "froster", "maxi"])
def test_memory_does_not_grow_with_steps(system: str, gpu: torch.device) -> None:
    step, there = step_of(system, gpu), []
    for _ in range(6):
        step()
        there.append(torch.cuda.memory_allocated(gpu))
    assert len(set(there[2:])) == 1  # the optimizer's state exists from the second step on


@pytest.mark.parametrize("system", ["tc_clip", "vifi_clip"])
def test_compiled_regions_train_nearly_the_same_weights(system: str, gpu: torch.device) -> None:
    found = []
    for way in ("off", "regions"):
        step = step_of(system, gpu, way, "fp32")  # type: ignore[arg-type]
        step()
        found.append(weights(step))
    torch.compiler.reset()
    moved = {name: (found[0][name] - found[1][name]).abs().max() for name in found[0]}
    assert max(moved.values()) < 1e-3
