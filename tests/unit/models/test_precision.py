"""`precision: auto` is what the card is fast in, and a run says what that was."""

import pytest
import torch
import yaml
from tiny_world import machine, make_world, same, training_job, weights

from tcclip.process.runtime import pick_precision
from tcclip.training import train

CARDS = {
    "H100": ((9, 0), "bf16"),
    "A100": ((8, 0), "bf16"),
    "T4": ((7, 5), "fp16"),
    "V100": ((7, 0), "fp16"),
    "P100": ((6, 0), "fp32"),
}


@pytest.mark.parametrize("card", CARDS)
def test_auto_is_bf16_from_ampere_on_fp16_on_volta_and_turing_and_fp32_before(card, monkeypatch):
    capability, precision = CARDS[card]
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert pick_precision("auto", torch.device("cuda")) == precision
    assert pick_precision("fp32", torch.device("cuda")) == "fp32"


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "fp32")])
def test_auto_in_inference_is_bf16_on_processors_that_compute_in_it(native, precision, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    cpu = torch.device("cpu")
    assert pick_precision("auto", cpu, inference=True) == precision
    assert pick_precision("fp32", cpu, inference=True) == "fp32"
    assert pick_precision("auto", cpu) == "fp32"  # in training, and in evaluations that validations are compared with


def test_auto_on_a_cpu_trains_the_bits_of_fp32_and_the_run_says_fp32(tmp_path):
    world = make_world(tmp_path)
    auto, named = (
        training_job(world, "auto", machine=machine(precision="auto"), device="cpu"),
        training_job(world, "named", device="cpu"),
    )
    train(auto)
    train(named)
    assert same(weights(auto), weights(named))
    assert yaml.safe_load((auto.folder / "params.yaml").read_text())["machine"]["precision"] == "fp32"
