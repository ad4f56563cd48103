"""Decisions on a GPU under autocast rest on products that are as good as float32's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tcclip.models import products as module
from tcclip.models.products import in_half, in_halves, products
from tcclip.models.summarizer.bipartite import bipartite
from tcclip.models.summarizer.dpc_knn import dpc_knn

WIDTH = 768


def tokens(count: int, batch: int = 2, seed: int = 0) -> Tensor:
    """Rows as alike as those of a ViT: a common part with a few large numbers, and a tenth that differs."""
    stream = torch.Generator().manual_seed(seed)
    common = torch.randn(WIDTH, generator=stream)
    common[:3] *= 30
    return common + 0.3 * torch.randn(batch, count, WIDTH, generator=stream)


@pytest.fixture
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> list[torch.dtype]:
    """Products as a GPU's tensor cores have them: of two halves they are exact in float32, in which they are added."""
    asked: list[torch.dtype] = []

    def multiplied(a: Tensor, b: Tensor, out_dtype: torch.dtype) -> Tensor:
        asked.append(out_dtype)
        assert a.dtype == b.dtype == torch.float16
        return a.float() @ b.float()

    monkeypatch.setattr(module, "in_half", lambda rows: True)
    monkeypatch.setattr(torch, "bmm", multiplied)
    return asked


def error_of(found: Tensor, ours: Tensor, theirs: Tensor) -> float:
    """The largest error of a scalar product, in parts of the two lengths."""
    ours, theirs = ours.double(), theirs.double()
    lengths = ours.norm(dim=-1)[:, :, None] * theirs.norm(dim=-1)[:, None]
    return float(((found.double() - ours @ theirs.mT) / lengths).abs().max())


def test_products_of_two_halves_are_as_near_as_float32_and_those_of_tf32_are_not(on_a_gpu: Any) -> None:
    ours, theirs = tokens(60), tokens(50, seed=1)
    assert error_of(ours @ theirs.mT, ours, theirs) < 2e-6
    assert error_of(products(ours, theirs), ours, theirs) < 2e-6
    assert error_of(of_tf32(ours) @ of_tf32(theirs).mT, ours, theirs) > 5e-5
    assert on_a_gpu == [torch.float32]


def of_tf32(rows: Tensor) -> Tensor:
    """Rounded to 11 bits, as float16 has."""
    return (rows / 64).half().float() * 64


def test_rows_of_any_length_have_their_products(on_a_gpu: Any) -> None:
    lengths = torch.tensor([0.0, 1e-9, 1.0, 1e9])[None, :, None]
    ours, theirs = lengths * tokens(4, 1), lengths * tokens(4, 1, seed=1)
    assert torch.allclose(products(ours, theirs), ours @ theirs.mT, rtol=1e-4, atol=0)


def test_halves_of_numbers_of_22_bits_have_their_products() -> None:
    ours = torch.tensor([[[1 + 2**-12, -3.0]]])
    left, right = in_halves(ours, torch.tensor([[[2.0, 2**-15 + 1]]]))
    assert left.dtype == right.dtype == torch.float16
    assert (left.double() @ right.double()).item() == (1 + 2**-12) * 2 - 3 * (1 + 2**-15)


DECIDE: dict[str, Callable[[Tensor], Tensor]] = {
    "matching": lambda rows: bipartite(rows, 12, 20).group,
    "dpc_knn": lambda rows: dpc_knn(rows, 12, torch.zeros(2, 60), 5, 0.0).group,
}


def without_ties(decide: Callable[[Tensor], Tensor]) -> Tensor:
    """Tokens of which float64 decides alike when every number moves by a thousand times what float32 rounds it by."""
    stream = torch.Generator().manual_seed(0)
    for seed in range(100):
        rows = tokens(60, seed=seed)
        moved = (rows * (1 + 1e-4 * torch.randn(rows.shape, generator=stream)) for _ in range(10))
        if all(torch.equal(decide(other.double()), decide(rows.double())) for other in moved):
            return rows
    raise AssertionError("all of a hundred sets of tokens have ties")


@pytest.mark.parametrize("kind", DECIDE)
def test_decisions_of_a_gpu_are_those_of_float32(kind: str, request: pytest.FixtureRequest) -> None:
    rows = without_ties(DECIDE[kind])
    of_float32 = DECIDE[kind](rows)
    asked = request.getfixturevalue("on_a_gpu")
    assert torch.equal(DECIDE[kind](rows), of_float32)
    assert asked


def test_only_float32_on_a_gpu_under_autocast_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rows:
        device = torch.device("cuda")
        dtype = torch.float32

    assert not in_half(Rows())  # type: ignore[arg-type]
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda kind: kind == "cuda")
    assert in_half(Rows())  # type: ignore[arg-type]
    assert not in_half(torch.ones(1))
    Rows.dtype = torch.float64
    assert not in_half(Rows())  # type: ignore[arg-type]


def test_on_a_cpu_autocast_leaves_products_in_float32() -> None:
    ours = tokens(5)
    with torch.autocast("cpu", torch.bfloat16):
        found, own = products(ours, ours), ours @ ours.mT
    assert own.dtype == torch.bfloat16
    assert torch.equal(found, ours @ ours.mT)
