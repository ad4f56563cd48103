"""Blocks over frames against their equations, on random weights at several sizes: values and gradients, float64."""

from __future__ import annotations

import frame_transformer as oracle
import pytest
import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.initial_values import constant, drawn
from tcclip.models.pool.frame_transformer import frame_transformer
from tcclip.models.pool.pooling import Pool

SIZES = [  # width, blocks, rows of the table, frames, residual, eps
    (64, 1, 4, 4, True, 1e-5),
    (128, 2, 3, 3, False, 1e-5),
    (128, 3, 77, 5, True, 1e-2),  # an eps that can be seen
    (32, 2, 1, 1, True, 1e-5),  # narrower than a head
]


def made(width: int, blocks: int, length: int, residual: bool, eps: float, shorter: bool) -> tuple[Pool, nn.Module]:
    """A pool with random weights."""
    pool = frame_transformer(
        "own", drawn({"": constant(0)}), width=width, blocks=blocks, length=length, residual=residual, eps=eps,
        shorter=shorter,
    )  # fmt: skip
    assert pool.part is not None
    own, numbers = pool.part.module().double(), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=numbers, dtype=torch.float64))
    return pool, own


@pytest.mark.parametrize(("width", "blocks", "length", "count", "residual", "eps"), SIZES)
def test_values_and_gradients_equal_the_equations(
    width: int, blocks: int, length: int, count: int, residual: bool, eps: float
) -> None:
    pool, own = made(width, blocks, length, residual, eps, shorter=length > count)
    numbers = torch.Generator().manual_seed(2)
    frames = torch.randn(3, count, width, generator=numbers, dtype=torch.float64).requires_grad_()
    target = torch.randn(3, width, generator=numbers, dtype=torch.float64)
    fast = pool.pool(frames, own)
    (fast * target).sum().backward()
    copied = frames.detach().clone().requires_grad_()
    w: dict[str, Tensor] = {f"own.{n}": p.detach().clone().requires_grad_() for n, p in own.named_parameters()}
    heads = max(width // 64, 1)
    slow = torch.stack([oracle.video(w, "own", blocks, heads, video, residual, eps) for video in copied])
    (slow * target).sum().backward()
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-11)
    assert frames.grad is not None and copied.grad is not None
    assert torch.allclose(frames.grad, copied.grad, rtol=1e-9, atol=1e-11)
    for name, parameter in own.named_parameters():
        assert parameter.grad is not None
        expected = w[f"own.{name}"].grad
        assert expected is not None and torch.allclose(parameter.grad, expected, rtol=1e-9, atol=1e-11), name


@pytest.mark.parametrize(("length", "count", "shorter"), [(4, 5, False), (4, 3, False), (4, 1, False), (4, 5, True)])
def test_frames_that_the_table_is_not_made_for_are_refused(length: int, count: int, shorter: bool) -> None:
    pool, own = made(64, 1, length, residual=True, eps=1e-5, shorter=shorter)
    with pytest.raises(UserError, match=f"for videos of {length} frames and this one has {count}"):
        pool.pool(torch.zeros(2, count, 64, dtype=torch.float64), own)
