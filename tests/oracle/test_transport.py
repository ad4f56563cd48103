"""Optimal transport and its matching against their equations, on random features: values and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import transport as oracle
from torch import Tensor

from tcclip.models.score.transport import cosines_of, plan_of, transport
from tcclip.models.text.descriptors import by_class
from tcclip.params.kinds.score.transport import Settings
from tcclip.training.losses import kl, pair_targets

# videos, frames, classes, descriptors of a type, width, spread of the features around a common direction
SIZES = [(1, 1, 1, 1, 3, 1.0), (2, 5, 3, 4, 6, 1.0), (3, 2, 2, 1, 4, 0.2), (2, 4, 3, 8, 5, 0.5)]


def features(seed: int, spread: float, *shape: int) -> Tensor:
    numbers = torch.Generator().manual_seed(seed)
    drawn = 1 + spread * torch.randn(shape, generator=numbers, dtype=torch.float64)
    return (drawn * 3).requires_grad_()


@pytest.mark.parametrize("stop", ["call", "pair"])
@pytest.mark.parametrize(("videos", "frames", "classes", "count", "width", "spread"), SIZES)
def test_the_score_equals_its_equation(
    stop: str, videos: int, frames: int, classes: int, count: int, width: int, spread: float
) -> None:
    fast, slow = (
        [
            features(1, spread, videos, frames, width),
            features(2, spread, 2 * count, classes, width),
            torch.tensor(7.3, dtype=torch.float64, requires_grad=True),
        ]
        for _ in "ab"
    )
    ours = transport(fast[0], by_class(fast[1]), fast[2], Settings.model_validate({"stop": stop}))
    of_classes = [[slow[1][:count, c], slow[1][count:, c]] for c in range(classes)]
    rows = oracle.logits(list(slow[0]), of_classes, slow[2], by_pair=stop == "pair")
    theirs = torch.stack([torch.stack(row) for row in rows])
    assert torch.allclose(ours, theirs, rtol=1e-11, atol=1e-12)
    weights = features(5, 1.0, videos, classes).detach()
    for one in (ours, theirs):
        (one * weights).sum().backward()
    for one, other in zip(fast, slow, strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("classes", [[0], [1, 0], [2, 2, 2], [3, 1, 3, 0]])
def test_the_loss_of_both_directions_is_their_sum(classes: list[int]) -> None:
    fast, slow = (features(4, 2.0, len(classes), len(classes)) for _ in "ab")
    targets = pair_targets(torch.tensor(classes), 10.0)
    ours = kl(targets, fast) + kl(targets, fast.T)
    theirs = oracle.loss([list(row) for row in slow], classes)
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    ours.backward()
    theirs.backward()
    assert torch.allclose(fast.grad, slow.grad, rtol=1e-10, atol=1e-13)


def test_a_score_by_pair_is_its_own_whatever_is_beside_it() -> None:
    frames, texts, scale = features(1, 1.0, 6, 8, 5), features(2, 1.0, 8, 4, 5), torch.tensor(50.0).double()
    by_pair, together = (Settings.model_validate({"stop": stop}) for stop in ("pair", "call"))
    whole, shared = (transport(frames, by_class(texts), scale, settings) for settings in (by_pair, together))
    apart = [transport(part, by_class(texts), scale, by_pair) for part in frames.split(1)]
    assert torch.allclose(torch.cat(apart), whole, rtol=1e-12, atol=1e-12)
    apart = [transport(part, by_class(texts), scale, together) for part in frames.split(1)]
    assert not torch.allclose(torch.cat(apart), shared, rtol=1e-6)


def test_what_is_moved_leaves_every_descriptor_with_its_share_and_has_no_gradient() -> None:
    frames, texts = features(1, 1.0, 2, 5, 6), features(2, 1.0, 8, 3, 6)
    cosines = cosines_of(F.normalize(frames, dim=-1), F.normalize(by_class(texts)[:, 0], dim=-1))
    plan = plan_of(cosines, Settings())
    assert not plan.requires_grad and torch.allclose(plan.sum(-2), torch.full((2, 3, 4), 0.25).double())
