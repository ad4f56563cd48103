"""A model prepared for inference in bfloat16 is as near to float32 as autocast, and decides the same every time."""

from __future__ import annotations

import pytest
import torch
from small_models import CLASSES, backbone, small
from torch import Tensor

from tcclip.bench.world import outside_texts
from tcclip.models import affine, build, prepared
from tcclip.models.affine import Affine
from tcclip.models.clip_video import ClipVideo
from tcclip.models.transformer import Mlp
from tcclip.params import load_method
from tcclip.params.variants import method_names
from tcclip.process.runtime import autocast

CPU = torch.device("cpu")
NATIVE = pytest.mark.skipif(not affine.has_fused(), reason="this processor does not compute in bfloat16 by itself")
METHODS = ["tc_clip", "vifi_clip", "a5", "x_clip", "action_clip", "vita_clip"]


def clips(count: int = 4) -> Tensor:
    return torch.randn(count, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def logits(model: ClipVideo, precision: str = "bf16") -> Tensor:
    with torch.inference_mode(), autocast(CPU, precision):
        out: Tensor = model.eval()(clips(), model.finished(model.encode_classes()))
    return out


def ready(model: ClipVideo) -> ClipVideo:
    return prepared.prepared(model, CPU, "bf16")


@NATIVE
@pytest.mark.parametrize("method", METHODS)
def test_it_is_as_near_to_float32_as_autocast(method: str) -> None:
    model = small(method)
    exact, cast, fused = logits(model, "fp32"), logits(model), logits(ready(model))
    assert fused.dtype == torch.float32
    # What three texts lose is the same in all videos, so that the two means are of three numbers.
    assert (fused - exact).abs().mean() <= 2.5 * (cast - exact).abs().mean()


@NATIVE
@pytest.mark.parametrize("method", METHODS)
def test_logits_and_decisions_are_the_same_every_time(method: str) -> None:
    model = small(method)
    assert torch.equal(logits(ready(model)), logits(ready(model)))
    with torch.inference_mode(), autocast(CPU, "bf16"):
        first, second = (ready(model).encode_video(clips()) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one is None and other is None) or torch.equal(one, other)


@NATIVE
def test_the_model_that_it_is_made_of_stays_as_it_was_and_shares_what_is_not_rounded() -> None:
    model = small("tc_clip")
    before, state = logits(model, "fp32"), {name: id(value) for name, value in model.named_parameters()}
    made = ready(model)
    assert torch.equal(logits(model, "fp32"), before)
    assert {name: id(value) for name, value in model.named_parameters()} == state
    assert made.visual.ln_post.weight is model.visual.ln_post.weight
    assert not any(isinstance(part, Mlp) for part in made.modules())
    held = [part for part in made.modules() if isinstance(part, Affine)]
    assert held and all(part.weight.dtype == torch.bfloat16 for part in held)


@NATIVE
def test_after_a_step_of_training_it_is_made_again() -> None:
    model = small("vifi_clip")
    before = logits(ready(model))
    with torch.no_grad():
        for weight in model.visual.transformer.parameters():
            weight.mul_(1.1)
    assert not torch.equal(logits(ready(model)), before)


@pytest.mark.parametrize(("device", "precision"), [("cpu", "fp32"), ("cpu", "fp16"), ("cuda", "bf16")])
def test_elsewhere_it_is_the_model_itself(device: str, precision: str) -> None:
    model = small("tc_clip")
    assert prepared.prepared(model, torch.device(device), precision) is model


def test_a_processor_without_bfloat16_keeps_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "has_fused", lambda: False)
    model = small("tc_clip")
    assert ready(model) is model


@NATIVE
def test_a_fused_map_is_the_plain_one_less_a_rounding() -> None:
    rows, bias = torch.randn(5, 7, 64), torch.randn(32)
    weight = torch.randn(32, 64).to(torch.bfloat16)
    exact = torch.nn.functional.silu(rows.bfloat16().double() @ weight.double().T + bias.bfloat16().double())
    with torch.inference_mode():
        fused = affine.affine(rows, weight, bias, silu=True)
    assert (fused.double() - exact).abs().max() <= exact.abs().max() * 2**-8


@NATIVE
@pytest.mark.parametrize("method", sorted(set(method_names()) - set(METHODS)))
def test_every_method_can_be_prepared(method: str) -> None:
    changes = {"tc.k": 5, "tc.alpha": 0.5} if load_method(method).tc else {}
    model = build(load_method(method, changes), backbone(4), CLASSES, 4, texts=outside_texts(CLASSES))
    assert logits(ready(model)).isfinite().all()
