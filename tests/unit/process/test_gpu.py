"""A GPU that is asked for and is not there, or does not work, is a sentence; 0 and auto use the CPU on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tcclip.errors import UserError
from tcclip.params.suite import load_suite
from tcclip.plan import load_plan
from tcclip.process import gpu, launch
from tcclip.process.options import gpu_count, on_the_cpu, typed
from tcclip.process.runtime import pick_device
from tcclip.stages import bench, train

CURE = on_the_cpu(["tcclip", "train", "a_run", *typed(None, suite="mini", gpus="0")], Path("params/suites/mini.yaml"))


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this process see `there` GPUs, on which computing ends in an error."""
    monkeypatch.delenv(gpu.VISIBLE, raising=False)

    def of(
        there: int, built: bool = True, start: BaseException | None = None, use: BaseException | None = None
    ) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
        monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: built)
        monkeypatch.setattr(torch.cuda, "init", raising(start) if start else lambda: None)
        monkeypatch.setattr(torch, "ones", raising(use) if use else torch.ones)

    return of


def refusal(count: launch.GpuCount) -> str:
    """What a job of so many GPUs is told, by one of the two checks."""
    with pytest.raises(UserError) as error:
        launch.take_device(count, CURE)
        launch.run(1, lambda: None, instead=CURE)
    return str(error.value)


NO_DRIVER = RuntimeError("Found no NVIDIA driver on your system. Please check\nthat you have one")
BROKEN = RuntimeError("CUDA unknown error - this may be due to an incorrectly set up environment.\nCompile with ...")


@pytest.mark.parametrize(
    ("count", "there", "said"),
    [
        (
            1,
            {"there": 0, "start": NO_DRIVER},
            "1 GPU is asked for, and there is none that works (Found no NVIDIA driver",
        ),
        (1, {"there": 0, "built": False}, "1 GPU is asked for, and torch 2"),
        (4, {"there": 2}, "4 GPUs are asked for, and this job sees 2: "),
        (1, {"there": 1, "use": BROKEN}, "GPU 0 does not work (CUDA unknown error - this may be due"),
        (1, {"there": 1, "use": AssertionError("Torch not compiled")}, "GPU 0 does not work (Torch not compiled): "),
        (1, {"there": 1, "use": torch.OutOfMemoryError("out")}, "GPU 0 has no free memory (`nvidia-smi` shows who"),
    ],
)
def test_a_gpu_that_is_not_there_or_does_not_work_is_one_sentence_with_the_cure(machine, count, there, said):
    machine(**there)
    text = refusal(count)
    assert text.startswith(said) and "\n" not in text
    assert "`tcclip train a_run --suite mini --gpus 0` computes on the CPU, and so does `gpus: 0`" in text
    assert text.endswith("below `machine:` in params/suites/mini.yaml")


@pytest.mark.parametrize("value", ["", "-1", "7"])
def test_gpus_that_the_environment_hides_are_told_with_its_value(machine, monkeypatch, value):
    machine(0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert f"this job sees none (CUDA_VISIBLE_DEVICES is '{value}'): " in refusal(1)


def test_a_process_of_torchrun_needs_as_many_gpus_as_it_has_neighbours(machine, monkeypatch):
    machine(1)
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "RANK": "2", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="2 GPUs are asked for, and this job sees 1: "):
        launch.take_device(1, CURE)


def test_without_a_gpu_that_is_asked_for_the_cpu_is_used_on_purpose(machine):
    machine(0, start=NO_DRIVER)
    assert launch.take_device(0, CURE) == "cpu" and launch.take_device("auto", CURE) == "auto"
    assert pick_device("auto") == torch.device("cpu") == pick_device("cpu")
    assert launch.run(0, lambda: 1, instead=CURE) == launch.run("auto", lambda: 1, instead=CURE) == 1


def test_auto_does_without_a_gpu_that_does_not_work_and_says_so(machine, capsys):
    machine(1, use=BROKEN)
    assert pick_device("auto") == torch.device("cpu")
    assert "GPU 0 does not work (CUDA unknown error" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "count"), [(None, 3), ("0", 0), ("2", 2), ("auto", "auto")])
def test_the_option_counts_before_the_suite(word, count):
    assert gpu_count(word, 3) == count


@pytest.mark.parametrize("word", ["-1", "many", "1.5", "", "\u00b2"])
def test_an_option_that_is_no_number_is_refused(word):
    with pytest.raises(UserError, match="--gpus must be a number from 0 on, or auto"):
        gpu_count(word, 3)


def test_a_cure_repeats_what_was_typed():
    assert typed(["tc.k=8", "protocol.lr=1e-4"], suite="mini", split=None, we=True, gpus="0") == [
        *("--set", "tc.k=8", "--set", "protocol.lr=1e-4", "--suite", "mini", "--we", "--gpus", "0")
    ]


def with_gpus(suite: str, gpus: launch.GpuCount) -> Any:
    import dataclasses

    plan = load_plan(suite)
    machine = plan.suite.machine.model_copy(update={"gpus": gpus})
    return dataclasses.replace(plan, suite=plan.suite.model_copy(update={"machine": machine}))


def test_a_suite_of_gpus_is_measured_on_one_and_another_where_its_trainings_compute():
    assert "--device cuda" in bench.options(with_gpus("paper", 4)) and bench.gpus(with_gpus("paper", 4)) == 1
    assert "--device" not in bench.options(with_gpus("paper", 0)) + bench.options(with_gpus("paper", "auto"))


def test_a_suite_may_say_auto_which_is_one_process(tmp_path):
    machine = load_suite("mini").machine
    auto = type(machine).model_validate({**machine.model_dump(), "gpus": "auto"})
    assert auto.processes == 1 and train.threads(with_gpus("mini", "auto")) == machine.threads
    with pytest.raises(ValueError, match="gpus"):
        type(machine).model_validate({**machine.model_dump(), "gpus": "some"})
