"""In-batch matching and the mean over templates against their equations, on random features: values and gradients."""

from __future__ import annotations

import pairs as oracle
import pytest
import torch
from random_features import features

from tcclip.models.score.cosine import cosine
from tcclip.models.text.templates import mean_probability
from tcclip.training.losses import kl, pair_targets


@pytest.mark.parametrize(
    ("classes", "width"),
    [([0], 3), ([1, 0], 5), ([2, 2, 2], 4), ([3, 1, 3, 0, 1, 3], 7)],
    ids=["one video", "two classes", "one class", "several of a class"],
)
def test_the_loss_of_pairs_equals_its_equation(classes: list[int], width: int) -> None:
    count = len(classes)
    scale = torch.tensor(3.7, dtype=torch.float64)
    fast, slow = ([features(1, count, width), features(2, count, width), scale.clone().requires_grad_()] for _ in "ab")
    logits, targets = cosine(*fast), pair_targets(torch.tensor(classes), 10.0)
    ours = (kl(targets, logits) + kl(targets, logits.T)) / 2
    theirs = oracle.loss(list(slow[0]), list(slow[1]), classes, slow[2])
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    ours.backward()
    theirs.backward()
    for one, other in zip(fast, slow, strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("templates", "classes", "width"), [(1, 3, 4), (16, 5, 6), (3, 1, 2)])
def test_a_test_equals_the_mean_over_templates(templates: int, classes: int, width: int) -> None:
    fast, slow = ([features(3, 2, width), features(4, templates, classes, width)] for _ in "ab")
    logits = cosine(fast[0], fast[1].flatten(0, 1), torch.tensor(9.0)).view(2, templates, classes)
    ours = mean_probability(logits).softmax(dim=-1)
    theirs = torch.stack([oracle.probabilities(video, [list(form) for form in slow[1]], 9.0) for video in slow[0]])
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    weights = features(5, 2, classes).detach()
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    for one, other in zip(fast, slow, strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-10, atol=1e-12)


def test_probabilities_of_sure_templates_do_not_overflow() -> None:
    logits = torch.tensor([[[1000.0, 0.0], [0.0, 1000.0], [1000.0, 0.0]]])
    assert torch.allclose(mean_probability(logits).softmax(-1), torch.tensor([[2 / 3, 1 / 3]]))
