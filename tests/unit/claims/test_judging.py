"""A claim holds, does not hold or is undecided by the replicates of its differences; false alarms are rare."""

from __future__ import annotations

import numpy as np
import pytest

from tcclip.claims.judging import joint_level, judge
from tcclip.params.statistics import load_statistics
from tcclip.statistics.weights import unit_weights

ABOVE, BELOW, WITHIN = (0.0, np.inf), (-np.inf, 0.0), (-2.0, 2.0)
DRAWS, VIDEOS = 400, 300
SETTINGS = load_statistics().model_copy(update={"draws": DRAWS, "level": 95.0})
WEIGHTS = unit_weights(SETTINGS, "simulated", [str(video) for video in range(VIDEOS)]).astype(float)
WEIGHTS /= WEIGHTS.sum(axis=1, keepdims=True)


def word(means, region, spread=1.0, complete=True, seed=0):
    """What is said of differences that are drawn around `means`."""
    values = np.asarray(means, dtype=float)
    draws = values[:, None] + spread * np.random.default_rng(seed).standard_normal((len(values), DRAWS))
    return judge(values, draws, np.tile(region, (len(values), 1)), SETTINGS, complete=complete).word


@pytest.mark.parametrize(
    "means, region, said",
    [
        ([5.0, 4.0], ABOVE, "holds"),
        ([5.0, 1.0], ABOVE, "undecided"),
        ([5.0, -5.0], ABOVE, "does not hold"),
        ([-5.0, -4.0], BELOW, "holds"),
        ([5.0], BELOW, "does not hold"),
        ([0.0], ABOVE, "undecided"),
        ([5.0], WITHIN, "does not hold"),
        ([1.0], WITHIN, "undecided"),
    ],
)
def test_a_claim_is_all_of_its_differences(means, region, said):
    assert word(means, region) == said


def test_two_numbers_are_equal_when_the_interval_is_inside_the_margin():
    assert word([0.5], WITHIN, spread=0.3) == "holds"
    assert word([1.9], WITHIN, spread=0.3) == "undecided"


def test_a_claim_that_is_measured_in_part_can_fail_but_not_hold():
    assert word([5.0, 4.0], ABOVE, complete=False) == "undecided"
    assert word([5.0, -5.0], ABOVE, complete=False) == "does not hold"
    nothing = judge(np.empty(0), np.empty((0, DRAWS)), np.empty((0, 2)), SETTINGS, complete=False)
    assert nothing.word == "not measured" and nothing.decisive is None


def test_a_cost_is_counted_so_that_it_decides_even_on_the_border():
    for value, said in ((1.05, "holds"), (1.1, "does not hold"), (1.2, "does not hold")):
        assert (
            judge(np.array([value]), np.full((1, DRAWS), value), np.array([[-np.inf, 1.1]]), SETTINGS, [True]).word
            == said
        )


def test_equal_predictions_of_two_rows_leave_it_undecided_which_is_better():
    assert judge(np.zeros(1), np.zeros((1, DRAWS)), np.array([ABOVE]), SETTINGS).word == "undecided"


def test_the_decisive_difference_is_the_one_most_against_the_claim_in_widths_of_its_interval():
    values, spreads = np.array([3.0, 5.0, 4.0]), np.array([[0.1], [5.0], [0.1]])
    draws = values[:, None] + spreads * np.random.default_rng(0).standard_normal((3, DRAWS))
    assert judge(values, draws, np.tile(ABOVE, (3, 1)), SETTINGS).decisive == 1


def test_what_is_timed_is_never_the_decisive_one_where_another_refutes_the_claim():
    draws = np.stack([np.full(DRAWS, np.nan), -3 + 0.1 * np.random.default_rng(0).standard_normal(DRAWS)])
    found = judge(np.array([-5.0, -3.0]), draws, np.tile(ABOVE, (2, 1)), SETTINGS)
    assert (found.word, found.decisive) == ("does not hold", 1)


def test_intervals_of_several_differences_are_as_wide_as_all_together_need():
    draws = np.random.default_rng(0).standard_normal((20, 20_000))
    assert joint_level(draws[:1], 95) == pytest.approx(95, abs=0.1)
    assert joint_level(np.repeat(draws[:1], 20, axis=0), 95) == pytest.approx(95, abs=0.1)
    assert joint_level(np.stack([draws[0], np.ones(20_000)]), 95) == pytest.approx(95, abs=0.1)  # a counted cost
    assert joint_level(np.ones((2, 20_000)), 95) == 95  # never below that of one
    assert joint_level(draws, 95) == pytest.approx(100 * 0.95 ** (1 / 20), abs=0.1)  # independent ones: Sidak's level


def simulated(accuracies, rng):
    """Differences of rows over the last one and their replicates, from predictions of videos that all rows share.

    A video that is hard is hard for all rows: half of each row's luck is the video's.
    """
    luck = (rng.random((VIDEOS, 1)) + rng.random((VIDEOS, len(accuracies)))) / 2
    easy = np.where(accuracies < 0.5, np.sqrt(accuracies / 2), 1 - np.sqrt((1 - accuracies) / 2))  # luck's quantiles
    right = (luck < easy) * 100.0
    drawn = (WEIGHTS @ right).T
    return right.mean(axis=0)[:-1] - right.mean(axis=0)[-1], drawn[:-1] - drawn[-1]


def shares(accuracies, region, repetitions=300):
    """How often each word is said of a claim about simulated rows."""
    rng = np.random.default_rng(0)
    said = [
        judge(values, draws, np.tile(region, (len(values), 1)), SETTINGS).word
        for values, draws in (simulated(np.array(accuracies), rng) for _ in range(repetitions))
    ]
    return {one: said.count(one) / repetitions for one in ("holds", "does not hold", "undecided")}


def test_all_true_and_none_true_are_seen():
    assert shares([0.7, 0.7, 0.7, 0.5], ABOVE, 60)["holds"] > 0.95
    assert shares([0.3, 0.5, 0.5, 0.5], ABOVE, 60)["does not hold"] > 0.95
    assert shares([0.3, 0.3, 0.5], ABOVE, 60)["does not hold"] > 0.95


@pytest.mark.parametrize("rows", [1, 6])
def test_of_equal_systems_hardly_ever_more_is_said_than_that_it_is_undecided(rows):
    found = shares([0.5] * (rows + 1), ABOVE)
    assert found["holds"] <= 0.05
    assert found["does not hold"] <= 0.05


def test_one_wrong_difference_among_many_true_ones_does_not_let_a_claim_hold():
    assert shares([0.8, 0.8, 0.8, 0.8, 0.5, 0.5], ABOVE)["holds"] <= 0.05


def test_a_difference_at_the_edge_of_the_margin_is_hardly_ever_called_equal_or_unequal():
    found = shares([0.6, 0.5], (-10.0, 10.0), 200)
    assert found["holds"] <= 0.05 and found["does not hold"] <= 0.05
