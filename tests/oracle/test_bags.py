"""MIL-NCE and the drawing of bags against their equations: values, gradients, and what a bag must hold."""

from __future__ import annotations

from collections import Counter

import bags as oracle
import pytest
import torch
from random_features import features

from tcclip.models.score.cosine import cosine
from tcclip.process.rng import generator
from tcclip.training.bags import drawn, union
from tcclip.training.losses import bag_scores, mil_nce


@pytest.mark.parametrize(
    ("labels", "bag", "width"),
    [([0], 1, 3), ([1, 0], 16, 5), ([2, 2, 2], 4, 4), ([3, 1, 3, 0, 3], 3, 7)],
    ids=["one video", "two labels", "one label", "a label three times"],
)
def test_the_loss_equals_its_equation(labels: list[int], bag: int, width: int) -> None:
    count, scale = len(labels), torch.tensor(3.7, dtype=torch.float64)
    fast, slow = (
        [features(1, count, width), features(2, count * bag, width), scale.clone().requires_grad_()] for _ in "ab"
    )
    ours = mil_nce(bag_scores(cosine(*fast)), torch.tensor(labels))
    theirs = oracle.loss(list(slow[0]), [list(texts) for texts in slow[1].split(bag)], labels, slow[2])
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    ours.backward()
    theirs.backward()
    for one, other in zip(fast, slow, strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-10, atol=1e-13)


def test_a_bag_whose_share_is_too_small_for_a_number_has_a_finite_loss_and_gradient() -> None:
    logits = torch.tensor([[0.0, 900.0], [0.0, 900.0]], requires_grad=True)
    scores = bag_scores(logits)
    assert scores.exp()[0, 0] == 0
    loss = mil_nce(scores, torch.tensor([0, 1]))
    loss.backward()
    assert loss.item() == 450 and logits.grad.isfinite().all()


def test_scores_of_half_precision_are_computed_in_float32() -> None:
    logits = features(3, 2, 8).detach().bfloat16()
    assert torch.equal(bag_scores(logits), bag_scores(logits.float()))


@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17, 40])
@pytest.mark.parametrize("size", [16, 5])
def test_a_bag_has_exactly_its_size_and_every_word_about_as_often(count: int, size: int) -> None:
    words = [f"word {number}" for number in range(count)]
    each, more = oracle.counts(words, size)
    for seed in range(5):
        found = Counter(drawn(words, size, generator(seed)))
        assert sum(found.values()) == size and set(found) <= set(words)
        assert Counter(found[word] - each for word in words) == Counter({1: more, 0: count - more}) - Counter()


def test_without_words_a_bag_is_the_class_alone() -> None:
    assert drawn([], 16, generator(0)) == [None] * 16


def test_which_words_are_there_once_more_is_drawn() -> None:
    words = [f"word {number}" for number in range(12)]
    bags = {tuple(sorted(map(str, drawn(words, 16, generator(seed))))) for seed in range(8)}
    assert len(bags) > 4
    more = Counter(
        word for seed in range(600) for word, n in Counter(drawn(words, 16, generator(seed))).items() if n > 1
    )
    assert all(140 < more[word] < 260 for word in words)  # 4 of 12, 600 times


def test_a_word_of_both_is_one_and_the_classs_own_name_is_none() -> None:
    assert union("sing", ["hum", "sing", "sing along"], ["sit", "hum", "sing"]) == ["hum", "sing along", "sit"]
    assert union("Sing", ["sing"], []) == ["sing"]  # exactly the name
