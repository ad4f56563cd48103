"""Per-frame logits, averaged sentences and losses at interpolated weights against their equations, in float64."""

from __future__ import annotations

import math

import frames_and_templates as oracle
import pytest
import torch
from random_features import features
from torch import Tensor, nn

from tcclip.models.other_weights import at_weights
from tcclip.models.score.per_frame import per_frame
from tcclip.models.text.templates_mean import mean_of_normed


def same_gradients(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.allclose(a.grad, b.grad, rtol=1e-10, atol=1e-12) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("videos", "frames", "classes", "width"), [(2, 4, 3, 5), (1, 1, 2, 3), (3, 8, 1, 4)])
@pytest.mark.parametrize("own", [False, True], ids=["texts of all", "texts of a video"])
def test_logits_are_means_over_frames(videos: int, frames: int, classes: int, width: int, own: bool) -> None:
    shape = (videos, classes, width) if own else (classes, width)
    fast, slow = ([features(1, videos, frames, width), features(2, *shape), features(3)] for _ in "ab")
    ours = per_frame(*fast)
    theirs = torch.stack(
        [
            torch.stack([oracle.logit(list(video), text, slow[2]) for text in (slow[1][b] if own else slow[1])])
            for b, video in enumerate(slow[0])
        ]
    )
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    weights = features(4, videos, classes).detach()
    for logits in (ours, theirs):
        (logits * weights).sum().backward()
    assert same_gradients(fast, slow)


@pytest.mark.parametrize(("sentences", "classes", "width"), [(28, 3, 6), (1, 2, 4), (2, 1, 3)])
def test_the_text_of_a_class_is_the_mean_of_its_sentences(sentences: int, classes: int, width: int) -> None:
    fast, slow = features(5, sentences, classes, width), features(5, sentences, classes, width)
    ours = mean_of_normed(fast)
    theirs = torch.stack([oracle.class_text(list(of_class)) for of_class in slow.unbind(dim=1)])
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    weights = features(6, classes, width).detach()
    for texts in (ours, theirs):
        (texts * weights).sum().backward()
    assert same_gradients([fast], [slow])
    videos = mean_of_normed(torch.stack([fast, fast]))  # of texts that each video has of its own
    assert torch.allclose(videos, torch.stack([ours, ours]))


class Curved(nn.Module):
    """A loss whose gradient depends on where it is taken."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width).double(), nn.Linear(width, 1).double()

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = self.second(torch.tanh(self.first(rows))).square().mean()
        return found


@pytest.mark.parametrize("share", [0.0, 0.37, 0.6])
def test_a_loss_at_other_weights_sends_its_gradient_to_the_weights_as_it_is(share: float) -> None:
    model, clip = (
        Curved(4),
        {name: features(9, *weight.shape).detach() for name, weight in Curved(4).named_parameters()},
    )
    rows, weights = features(7, 3, 4).detach(), dict(model.named_parameters())
    between = {name: weight + share * (clip[name] - weight.detach()) for name, weight in weights.items()}
    ours = model(rows)
    ours.backward()
    with at_weights(model, between):
        again = 0.5 * model(rows)
        again.backward()
    assert all(weight is weights[name] for name, weight in model.named_parameters())

    def loss(w: oracle.Weights) -> Tensor:
        hidden = torch.tanh(rows @ w["first.weight"].T + w["first.bias"])
        return (hidden @ w["second.weight"].T + w["second.bias"]).square().mean()

    total, expected = oracle.gradients(loss, weights, clip, share, 0.5)
    assert math.isclose(float(ours.detach() + again.detach()), total, rel_tol=1e-12)
    for name, weight in weights.items():
        assert weight.grad is not None and torch.allclose(weight.grad, expected[name], rtol=1e-10, atol=1e-13), name
