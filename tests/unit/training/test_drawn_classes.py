"""Where there are many classes, a step compares its videos with their own and with others that are drawn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from several_processes import done
from tiny_world import make_world, protocol, training_job

from tcclip.params import load_method
from tcclip.training.batches import Batch, micro_batches
from tcclip.training.objective.ce import drawn_classes
from tcclip.training.objective.objective import Moment
from tcclip.training.setup import Setup, prepare


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def setup_of(world: Path, most: int | None) -> Setup:
    method = load_method("a5", {"recipe.objective.most_classes": most})
    return prepare(training_job(world, method=method, protocol=protocol(total_batch=4, micro_batch=2)))


@given(st.lists(st.integers(0, 19), min_size=1, max_size=12), st.integers(1, 20), st.integers(0, 99))
def test_a_steps_classes_are_its_videos_and_others_up_to_the_number(labels: list[int], most: int, seed: int) -> None:
    drawn = drawn_classes(labels, 20, most, np.random.default_rng(seed)).tolist()
    own = sorted(set(labels))
    assert drawn[: len(own)] == own
    assert len(set(drawn)) == len(drawn) == max(most, len(own)) and set(drawn) <= set(range(20))


def test_every_other_class_is_drawn() -> None:
    draws = [drawn_classes([3, 3, 7], 9, 4, np.random.default_rng(seed)) for seed in range(80)]
    assert {int(label) for drawn in draws for label in drawn[2:]} == set(range(9)) - {3, 7}


def test_the_classes_of_a_step_are_those_of_all_its_micro_batches(world: Path) -> None:
    setup = setup_of(world, 2)
    order, listed = micro_batches(13, 2, 5, 1), setup.clips.videos
    expected = [listed[place][1] for batch in order[2:4] for place in batch]
    assert setup.objective.learner.labels_of_step(Moment(5, 1, 2)) == expected
    shared = setup.objective.begin(Moment(5, 1, 2))
    assert set(expected) <= set(shared.places.ge(0).nonzero().flatten().tolist())


@pytest.mark.parametrize("most", [None, 3, 400])
def test_with_no_more_classes_than_the_number_all_are_there_in_their_order(world: Path, most: int | None) -> None:
    shared = setup_of(world, most).objective.begin(Moment(5, 0, 0))
    assert shared.places is None and len(shared.texts.cut[0]) == 3


def test_the_loss_is_that_of_the_drawn_columns_and_labels_keep_their_classes(world: Path) -> None:
    setup, labels = setup_of(world, 2), torch.tensor([2, 2])
    learner = dataclasses.replace(setup.objective.learner, labels_of_step=lambda at: [2, 2])
    objective = dataclasses.replace(setup.objective, learner=learner)
    batch, others = Batch(torch.randn(2, 4, 3, 32, 32), labels, ["a", "b"]), set()
    for iteration in range(6):
        shared = objective.begin(Moment(5, 0, iteration))
        classes = shared.places.argsort()[shared.places.sort()[0] >= 0]  # (2,): in the order of the columns
        assert classes[0] == 2 and len(classes) == 2
        others.add(classes[1].item())
        whole = setup.model(batch.clips)[:, classes]
        loss, hits = objective.loss(shared, batch, Moment(5, 0, iteration))
        assert loss.item() == pytest.approx(-whole.log_softmax(1)[:, 0].mean().item(), rel=1e-5)
        assert hits == whole.argmax(1).eq(0).sum()
    assert others == {0, 1}  # which others, every step draws anew


def test_two_processes_compare_with_the_classes_of_one(world: Path) -> None:
    assert "drawn [[0], [0, 0]]" in done(world, "drawn")
    one, two = (pd.read_csv(world / f"runs/a5-{count}/history.csv") for count in (1, 2))
    assert np.abs(two["loss"] / one["loss"] - 1).max() < 1e-5 and one["loss"].std() > 0
