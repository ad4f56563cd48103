"""Accuracies of scores: top-k, ties, and class by class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcclip.evaluation.metrics import accuracy, per_class, ranked


@given(st.integers(1, 8), st.integers(0, 2**32))
def test_top_k_counts_labels_among_the_k_best_and_all_of_them_with_fewer_classes(classes, seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=(20, classes)), rng.integers(0, classes, 20)
    best = np.mean([label in np.argsort(-row)[:5] for row, label in zip(scores, labels, strict=True)])
    assert accuracy(scores, labels, 5) == pytest.approx(100 * best)
    assert accuracy(scores, labels, 1) <= accuracy(scores, labels, 5)
    if classes <= 5:
        assert accuracy(scores, labels, 5) == 100
    assert ranked(scores).shape == (20, min(5, classes))


@pytest.mark.parametrize("classes", [7, 51, 400])
def test_equal_scores_rank_the_lower_label_first(classes):
    assert ranked(np.zeros((1, classes))).tolist() == [[0, 1, 2, 3, 4]]
    scores = np.random.default_rng(0).integers(0, 3, size=classes)
    assert ranked(scores[None])[0].tolist() == sorted(range(classes), key=lambda label: (-scores[label], label))[:5]


def test_a_class_has_the_share_of_its_own_videos_that_are_given_it_and_none_without_videos():
    best, labels = np.array([0, 1, 2, 1, 0, 2]), np.array([0, 0, 0, 1, 1, 3])
    found = per_class(np.eye(4)[best], labels, ["a", "b", "c", "d"])
    assert found == {
        "a": {"top1": pytest.approx(100 / 3), "n_videos": 3},
        "b": {"top1": 50.0, "n_videos": 2},
        "d": {"top1": 0.0, "n_videos": 1},
    }
