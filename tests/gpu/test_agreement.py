"""A GPU computes what the CPU computes: logits, gradients, decisions, attention with its bias."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from tcclip.bench.gpu.sizes import SYSTEMS
from tcclip.bench.world import class_names, outside_texts, with_texts
from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.attention import Attended, attend
from tcclip.models.clip_video import ClipVideo
from tcclip.models.precision import single
from tcclip.models.products import products
from tcclip.models.summarizer.matching import match
from tcclip.params import load_method
from tcclip.process.runtime import autocast

CONFIG = BackboneConfig(64, 16, 128, 2, 4, 64, 1, 2, 64)  # heads of 64, as fused kernels know them
CLASSES, FRAMES = 4, 4


def model_of(system: str) -> ClipVideo:
    small = {"tc.k": 6, "tc.alpha": 0.5} if system.startswith("tc_clip") else {}
    method, names = load_method(system, small), class_names(CLASSES)
    backbone = with_texts(Backbone.random(CONFIG), method, CLASSES)
    return build(method, backbone, names, FRAMES, texts=outside_texts(names))


def clips(count: int = 3) -> Tensor:
    return torch.randn(count, FRAMES, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def gradients(model: ClipVideo, video: Tensor) -> dict[str, Tensor]:
    model(video).logsumexp(dim=1).sum().backward()
    return {name: p.grad.cpu() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("system", SYSTEMS)
def test_logits_in_float32_are_the_cpus(system: str, device: torch.device) -> None:
    model, video = model_of(system).eval(), clips()
    with torch.no_grad():
        expected = model(video)
        assert torch.allclose(model.to(device)(video.to(device)).cpu(), expected, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("system", SYSTEMS)
def test_logits_in_bfloat16_are_as_near_as_bfloat16_is_on_a_cpu(system: str, device: torch.device) -> None:
    model, video = model_of(system).eval(), clips()
    with torch.no_grad():
        expected = model(video)
        with autocast(torch.device("cpu"), "bf16"):
            off = (model(video) - expected).abs().max()
        with autocast(device, "bf16"):
            found = model.to(device)(video.to(device))
    assert found.dtype == torch.float32
    assert (found.cpu() - expected).abs().max() < 3 * off + 0.05


@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_in_float32_are_the_cpus(system: str, device: torch.device) -> None:
    expected, found = gradients(model_of(system), clips()), gradients(model_of(system).to(device), clips().to(device))
    assert expected.keys() == found.keys()
    largest = max(float(gradient.norm()) for gradient in expected.values())
    for name, gradient in expected.items():
        assert (found[name] - gradient).norm() <= 2e-3 * gradient.norm() + 1e-5 * largest, name


def test_decisions_are_the_same_in_every_run_and_the_cpus_in_float32(device: torch.device) -> None:
    model, video = model_of("tc_clip").eval(), clips(8)
    with torch.no_grad():
        expected, there = model.encode_video(video), model.to(device)
        in_float32 = there.encode_video(video.to(device))
        with autocast(device, "bf16"):
            first, second = there.encode_video(video.to(device)), there.encode_video(video.to(device))
    for name in ("seeds", "group"):
        assert torch.equal(getattr(first, name), getattr(second, name))
        assert (getattr(in_float32, name).cpu() == getattr(expected, name)).float().mean() > 0.98
    assert torch.equal(first.frames, second.frames)


def written_out(query: Tensor, seen: Attended) -> Tensor:
    """softmax(q k / sqrt(d) + b) v, (B, T, Q, heads * d), in float64."""
    q, k, v = (part.double().transpose(2, 3) for part in (query, seen.key, seen.value))  # (B, T, heads, ., d)
    logits = q @ k.mT * q.shape[-1] ** -0.5
    if seen.bias is not None:
        logits = logits + seen.bias.double()[:, None]
    return (logits.softmax(dim=-1) @ v).transpose(2, 3).flatten(3)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-4), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("trained", [True, False])
def test_attention_with_the_bias_of_two_scalars_is_the_literal_one(
    dtype: torch.dtype, near: float, trained: bool, device: torch.device
) -> None:
    stream = torch.Generator().manual_seed(2)
    query, key, value = (torch.randn(2, 3, n, 4, 64, generator=stream).to(device, dtype) for n in (197, 293, 293))
    table = torch.randn(4, 2, generator=stream).to(device).requires_grad_(trained)
    found = []
    for way in (attend, written_out):
        q, k, v = (part.detach().requires_grad_(trained) for part in (query, key, value))
        bias = torch.cat([table[:, :1].expand(-1, 197), table[:, 1:].expand(-1, 96)], dim=1)
        out = way(q, Attended(q, k, v, 196, bias))
        back = torch.autograd.grad(single(out).square().sum(), (table, q, k, v)) if trained else ()
        found.append([part.double() for part in (out.detach(), *back)])
    for one, other in zip(*found, strict=True):
        assert (one - other).norm() < near * other.norm()


@pytest.mark.parametrize("trained", [True, False])
def test_attention_goes_through_a_fused_kernel(trained: bool, gpu: torch.device) -> None:
    query, key = (torch.randn(2, 3, n, 12, 64, device=gpu, dtype=torch.bfloat16) for n in (197, 293))
    bias = torch.randn(12, 293, device=gpu, requires_grad=trained)
    fused = [SDPBackend.FLASH_ATTENTION] + ([] if trained else [SDPBackend.EFFICIENT_ATTENTION])
    with sdpa_kernel(fused):  # a RuntimeError where none of these can
        out = attend(query.requires_grad_(trained), Attended(query, key, key, 196, bias))
        if trained:
            out.float().square().sum().backward()


def test_products_on_tensor_cores_decide_as_float32(gpu: torch.device) -> None:
    stream = torch.Generator().manual_seed(3)
    common = torch.randn(768, generator=stream)
    common[:3] *= 30  # a few large features, as CLIP has
    rows = (common + 0.3 * torch.randn(4, 928, 768, generator=stream)).to(gpu)
    with autocast(gpu, "bf16"):
        found, group = products(rows, rows), match(rows, 96, 100)[0]
    exact = rows.double() @ rows.double().mT
    lengths = rows.double().norm(dim=-1)
    assert ((found - exact).abs() / (lengths[:, :, None] * lengths[:, None])).max() < 2e-6
    assert (group == match(rows, 96, 100)[0]).float().mean() > 0.99
