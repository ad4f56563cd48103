"""Layers that are compiled as regions give the same numbers, and only where it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
import torch
from small_models import small
from torch import Tensor

from tcclip.models.clip_video import ClipVideo
from tcclip.models.compiled import as_region


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The functions that were compiled, into graphs with their ways back that a CPU runs operation by operation."""
    torch.compiler.reset()
    as_region.cache_clear()
    names: list[str] = []
    real = torch.compile

    def heard(function: object, **options: object) -> object:
        names.append(function.__name__)  # type: ignore[attr-defined]
        return real(function, backend="aot_eager", fullgraph=True, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(torch, "compile", heard)
    yield names
    as_region.cache_clear()
    torch.compiler.reset()


def video() -> Tensor:
    return torch.randn(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def results(model: ClipVideo) -> dict[str, Tensor]:
    logits = model(video())
    logits.logsumexp(dim=1).sum().backward()
    return {"logits": logits.detach(), **{n: p.grad for n, p in model.named_parameters() if p.grad is not None}}


@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip"])
@pytest.mark.parametrize("recompute", [False, True])
def test_layers_as_regions_have_the_logits_and_gradients_of_layers(
    method: str, recompute: bool, compiled: list[str]
) -> None:
    expected, model = results(small(method)), small(method)
    assert compiled == []
    model.compile_as("regions")
    model.visual.recompute = recompute
    found = results(model)
    assert compiled == ["layer", "last_layer"]  # once each, whatever the number of layers
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.allclose(found[name], tensor, rtol=1e-4, atol=1e-4 * float(tensor.abs().max())), name


def test_off_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(pytest.fail, "compiled"))
    model = small("tc_clip")
    model.compile_as("off")
    results(model)
