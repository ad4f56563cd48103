"""Intervals and comparisons of simulated predictions, whose accuracy is known: how often they are right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from tcclip.params.protocol import Views
from tcclip.params.statistics import load_statistics
from tcclip.plan import Cell, Evaluation
from tcclip.plan.cells import Average, Measured
from tcclip.statistics.accuracies import accuracy_replicates
from tcclip.statistics.cells import _average, _by_seed, over_seeds
from tcclip.statistics.intervals import difference_of, interval_of
from tcclip.statistics.predictions import Right
from tcclip.statistics.weights import half_weights, seed_shares, unit_weights

SETTINGS = load_statistics().model_copy(update={"draws": 600})
WORLDS = 1000  # simulated test sets


def replicates(right: np.ndarray, videos: range, dataset: str = "data") -> list[np.ndarray]:
    """Of each world; `right` is bool (worlds, V). Its half videos are its own, as those of each evaluation are."""
    names = tuple(map(str, videos))
    found = {(world, f"{dataset} {right.sum()}"): Right(names, of) for world, of in enumerate(right)}
    return list(accuracy_replicates(SETTINGS, dataset, found).values())


def coverage(values: np.ndarray, drawn: list[np.ndarray], truth: float) -> float:
    intervals = [interval_of(float(value), of, SETTINGS) for value, of in zip(values, drawn, strict=True)]
    return float(np.mean([interval.low <= truth <= interval.high for interval in intervals]))


def right_with(accuracy: float, videos: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, videos, int(1000 * accuracy)]).random((WORLDS, videos)) < accuracy


@pytest.mark.parametrize(("videos", "accuracy"), [(64, 0.2), (64, 0.9), (32, 0.5), (400, 0.9)])
def test_an_interval_of_a_cell_holds_its_accuracy(videos: int, accuracy: float):
    right = right_with(accuracy, videos)
    assert 0.93 <= coverage(100 * right.mean(axis=1), replicates(right, range(videos)), 100 * accuracy) <= 0.97


def test_a_video_of_several_splits_is_one_video():
    accuracy = 0.9
    right = right_with(accuracy, 100)
    splits = [range(64), range(18, 82), range(36, 100)]
    values = np.mean([right[:, of].mean(axis=1) for of in splits], axis=0)
    drawn = [np.mean(of, axis=0) for of in zip(*(replicates(right[:, s], s) for s in splits), strict=True)]
    assert 0.93 <= coverage(100 * values, drawn, 100 * accuracy) <= 0.97
    alone = [np.mean(of, axis=0) for of in zip(*(replicates(right[:, s], s, f"{s}") for s in splits), strict=True)]
    assert coverage(100 * values, alone, 100 * accuracy) < 0.93  # as if they were other videos


def test_an_interval_of_a_harmonic_mean_of_an_average_holds_it():
    base, novel, other = right_with(0.9, 32), right_with(0.2, 32, 1), right_with(0.6, 48)
    harmonic = lambda *of: len(of) / sum(1 / np.maximum(x, 1e-9) for x in of)  # noqa: E731
    mean = lambda *of: (harmonic(of[0], of[1]) + of[2]) / 2  # noqa: E731
    values = 100 * mean(*(right.mean(axis=1) for right in (base, novel, other)))
    each = (replicates(right, range(right.shape[1]), name) for right, name in ((base, "b"), (novel, "n"), (other, "o")))
    assert 0.93 <= coverage(values, [mean(*of) for of in zip(*each, strict=True)], 100 * mean(0.9, 0.2, 0.6)) <= 0.97


def pair(videos: int, accuracy: float, gained: float, lost: float) -> tuple[np.ndarray, np.ndarray]:
    """Two rows: of the videos that the first has wrong the second gains a share, of the others it loses one."""
    one, chance = (
        right_with(accuracy, videos),
        right_with(1, videos) * np.random.default_rng(videos).random((WORLDS, videos)),
    )
    return one, np.where(one, chance >= lost, chance < gained)


@pytest.mark.parametrize(
    ("videos", "accuracy", "gained"), [(64, 0.2, 0.1), (64, 0.5, 0.3), (64, 0.9, 0.5), (400, 0.7, 0.1)]
)
def test_rows_that_do_not_differ_are_seldom_told_apart(videos: int, accuracy: float, gained: float):
    one, two = pair(videos, accuracy, gained, lost=gained * (1 - accuracy) / accuracy)
    drawn = [b - a for a, b in zip(replicates(one, range(videos)), replicates(two, range(videos)), strict=True)]
    found = [difference_of(of, SETTINGS) for of in drawn]
    assert np.mean([each.p < 0.05 for each in found]) <= 0.05
    assert all((each.p < 0.05) == (each.low > 0 or each.high < 0) for each in found)


@pytest.mark.parametrize(
    ("videos", "accuracy", "gained", "lost"), [(64, 0.5, 0.4, 0.1), (64, 0.2, 0.2, 0.2), (400, 0.7, 0.3, 0.1)]
)
def test_an_interval_of_a_difference_holds_it(videos: int, accuracy: float, gained: float, lost: float):
    one, two = pair(videos, accuracy, gained, lost)
    truth = 100 * ((1 - accuracy) * gained - accuracy * lost)
    drawn = zip(replicates(one, range(videos)), replicates(two, range(videos)), strict=True)
    found = [difference_of(b - a, SETTINGS) for a, b in drawn]
    assert 0.93 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.97


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_of_three_seeds_an_interval_knows_how_trainings_differ(spread: float):
    chance = np.random.default_rng(0)
    hard = chance.random((WORLDS, 1, 64))  # the same videos for all seeds
    right = hard < 0.5 + spread * chance.standard_normal((WORLDS, 3, 1))
    each = zip(*(replicates(right[:, seed], range(64)) for seed in range(3)), strict=True)
    drawn = [over_seeds(dict(enumerate(of)), SETTINGS) for of in each]
    assert 0.93 <= coverage(100 * right.mean(axis=(1, 2)), drawn, 50) <= 0.97


def test_splits_that_are_weighed_together_count_their_own_videos():
    right = right_with(0.9, 100)[0]
    found = {
        (number, f"half videos of {number}"): Right(tuple(map(str, of)), right[of])
        for number, of in enumerate((range(64), range(36, 100)))
    }
    together = accuracy_replicates(SETTINGS, "data", found)
    for number, (key, of) in enumerate(found.items()):
        np.testing.assert_allclose(together[number], accuracy_replicates(SETTINGS, "data", {key: of})[number])


def test_videos_that_are_weighed_in_several_blocks_count_as_in_one(monkeypatch: pytest.MonkeyPatch):
    right = right_with(0.5, 64)[:2]
    whole = replicates(right, range(64))
    monkeypatch.setattr("tcclip.statistics.accuracies.BLOCK", 5)
    np.testing.assert_allclose(replicates(right, range(64)), whole)


def test_equal_predictions_of_two_runs_do_not_differ_and_all_right_has_an_interval():
    right = right_with(0.5, 64)[0]
    found = {(run, f"half videos of {run}"): Right(tuple(map(str, range(64))), right) for run in ("one", "two")}
    drawn = accuracy_replicates(SETTINGS, "data", found)
    assert difference_of(drawn["one"] - drawn["one"], SETTINGS).p == 1
    between = difference_of(drawn["one"] - drawn["two"], SETTINGS)
    assert between.p > 0.8 and between.low < 0 < between.high
    everything = replicates(np.ones((1, 64), bool), range(64))[0]
    interval = interval_of(100.0, everything, SETTINGS)
    assert 94 < interval.low < 98
    assert interval.high == 100


@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_of_three_seeds_a_difference_knows_how_trainings_differ(spread: float):
    chance = np.random.default_rng(1)
    hard = chance.random((WORLDS, 1, 64))  # the same videos for all seeds of both rows
    luck = (hard + chance.random((WORLDS, 6, 64))) / 2
    right = luck < 0.5 + spread * chance.standard_normal((WORLDS, 6, 1))
    each = [replicates(right[:, run], range(64)) for run in range(6)]
    rows = (zip(*each[:3], strict=True), zip(*each[3:], strict=True))
    one, two = ([over_seeds(dict(enumerate(of)), SETTINGS) for of in row] for row in rows)
    found = [difference_of(b - a, SETTINGS) for a, b in zip(one, two, strict=True)]
    assert np.mean([each.p < 0.05 for each in found]) <= 0.05
    assert np.mean([each.low <= 0 <= each.high for each in found]) >= 0.93


def test_over_three_seeds_small_p_values_are_as_seldom_as_they_say():
    chance = np.random.default_rng(2)
    right = chance.random((WORLDS, 1, 200)) < 0.5 + 0.2 * chance.standard_normal((WORLDS, 6, 1)).clip(-2, 2)
    each = [replicates(right[:, run], range(200)) for run in range(6)]
    rows = (zip(*each[:3], strict=True), zip(*each[3:], strict=True))
    one, two = ([over_seeds(dict(enumerate(of)), SETTINGS) for of in row] for row in rows)
    p = np.array([difference_of(b - a, SETTINGS, seeds=3).p for a, b in zip(one, two, strict=True)])
    for level, at_most in ((0.05, 0.06), (0.01, 0.015), (0.001, 0.004)):
        assert np.mean(p < level) <= at_most
    as_if_normal = np.array([difference_of(b - a, SETTINGS).p for a, b in zip(one, two, strict=True)])
    assert ((as_if_normal < 0.05) == (p < 0.05)).all()
    assert np.mean(as_if_normal < 0.001) > 0.008  # should be one in a thousand


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_mean_over_seeds_is_drawn_about_theirs_by_students_t(count: int):
    values, shares = np.arange(count) ** 2.0, [0.1, 0.25, 0.75, 0.9]
    drawn = seed_shares(SETTINGS.model_copy(update={"draws": 20_000}), range(count)) @ values
    found = (drawn - values.mean()) / (values.std(ddof=1) / np.sqrt(count))
    np.testing.assert_allclose(np.quantile(found, shares), t.ppf(shares, count - 1), rtol=0.06)


@pytest.mark.parametrize(("value", "ends"), [(45.0, (41.0, 49.0)), (60.0, (41.0, 60.0)), (30.0, (30.0, 49.0))])
def test_an_interval_reaches_to_its_value(value: float, ends: tuple[float, float]):
    settings = SETTINGS.model_copy(update={"level": 80.0})
    found = interval_of(value, np.linspace(40, 50, 601), settings)
    assert (found.low, found.high) == pytest.approx(ends)


def test_seeds_near_all_right_have_an_interval_that_ends_at_all():
    drawn = replicates(np.array([[True] * 64, [True] * 64, [True] * 60 + [False] * 4]), range(64))
    interval = interval_of(100 * 188 / 192, over_seeds(dict(enumerate(drawn)), SETTINGS), SETTINGS)
    assert interval.high == 100 and interval.low < 95


def test_an_average_of_columns_of_different_seeds_is_as_unsure_of_each_as_its_seeds_are():
    three, alone = {seed: np.full(600, 50.0 + 10 * seed) for seed in range(3)}, {7: np.full(600, 40.0)}
    apart = over_seeds(three, SETTINGS)
    for harmonic in (False, True):
        ((seed, drawn),) = _average([three, alone], harmonic, SETTINGS).items()
        assert seed is None and drawn.std() > 1
        if harmonic:
            assert apart.min() < 0 < drawn.min() < drawn.max() < 100  # of none that Student's t takes below zero
        else:
            np.testing.assert_allclose(drawn, (apart + 40) / 2)
    assert list(_average([three, three], False, SETTINGS)) == [0, 1, 2]


@pytest.mark.parametrize(("harmonic", "expected"), [(False, 45.0), (True, 40.0)])
def test_an_average_has_replicates_where_all_of_its_columns_have_some(harmonic: bool, expected: float):
    views = Views(temporal=1, spatial=1, mode="paper")
    tested = {name: Evaluation("run-s1", name, "test1", views, False, 1) for name in ("hmdb51", "ucf101")}
    row = {name: Cell("t", "", "A", name, Measured("top1", (of,))) for name, of in tested.items()}
    known = {(of, "top1"): np.full(600, value) for of, value in zip(tested.values(), (30.0, 60.0), strict=True)}
    average = Average(tuple(tested), harmonic)
    assert {seed: of.tolist() for seed, of in _by_seed(average, row, known, SETTINGS).items()} == {1: [expected] * 600}
    del known[tested["ucf101"], "top1"]
    assert _by_seed(average, row, known, SETTINGS) is None


def test_the_mean_of_two_seeds_is_unsure_of_how_trainings_differ_too():
    drawn = over_seeds({1: np.full(600, 50.0), 2: np.full(600, 60.0)}, SETTINGS)
    np.testing.assert_allclose(np.quantile(drawn, [0.25, 0.5, 0.75]), 55 + 5 * t.ppf([0.25, 0.5, 0.75], 1), atol=0.8)


def test_a_video_that_a_split_lists_twice_counts_twice():
    found = {("run", "halves"): Right(("a", "b", "a", "c"), np.array([True, False, True, True]))}
    a, b, c = unit_weights(SETTINGS, "data", ["a", "b", "c"]).T.astype(float)
    right, wrong = half_weights(SETTINGS, "halves")
    expected = 100 * (2 * a + c + right) / (2 * a + b + c + right + wrong)
    np.testing.assert_allclose(accuracy_replicates(SETTINGS, "data", found)["run"], expected)
