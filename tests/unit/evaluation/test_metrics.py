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


def test_per_class_accuracy_leaves_out_classes_without_videos():
    scores, labels = np.eye(3)[[0, 0, 2]], np.array([0, 2, 2])
    assert per_class(scores, labels, ["a", "b", "c"]) == {
        "a": {"top1": 100, "n_videos": 1},
        "c": {"top1": 50, "n_videos": 2},
    }
