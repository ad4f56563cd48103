"""The settings that make a result stale, typed seeds over those of a suite, and counts that a suite scales."""

from __future__ import annotations

from tcclip.params import load_method, load_suite
from tcclip.params.budget import SuiteBudget, put_over
from tcclip.params.depends import evaluation_settings, training_settings
from tcclip.params.protocol import CENTRE, Views, load_protocol

METHOD, PROTOCOL = load_method("tc_clip"), load_protocol("few_shot")
TWO = Views(temporal=2, spatial=1, mode="paper")


def test_seed_flip_machine_and_validation_views_count_in_a_training() -> None:
    settings = training_settings(METHOD, PROTOCOL, {}, 1, False)
    assert settings not in (
        training_settings(METHOD, PROTOCOL, {}, 2, False),
        training_settings(METHOD, PROTOCOL, {}, 1, True),
        training_settings(METHOD, PROTOCOL, {"precision": "bf16"}, 1, False),
    )
    assert (settings["validation_views.temporal"], settings["validation_views.spatial"]) == (2, 1)


def test_views_frames_and_the_share_of_an_ensemble_that_is_asked_for_count_in_an_evaluation() -> None:
    settings = evaluation_settings(METHOD, PROTOCOL, {}, {"one": CENTRE}, we=False)
    fewer = PROTOCOL.model_copy(update={"frames": 8})
    assert settings not in (
        evaluation_settings(METHOD, PROTOCOL, {}, {"one": TWO}, we=False),
        evaluation_settings(METHOD, fewer, {}, {"one": CENTRE}, we=False),
        evaluation_settings(METHOD, PROTOCOL.of_seed(7), {}, {"one": CENTRE}, we=False),
    )
    other = load_method("tc_clip", {"we.w": 0.5})
    assert evaluation_settings(other, PROTOCOL, {}, {"one": CENTRE}, we=False) == settings
    asked = [evaluation_settings(method, PROTOCOL, {}, {"one": CENTRE}, we=True) for method in (METHOD, other)]
    assert asked[0] != asked[1]


def test_typed_seeds_of_a_method_are_over_the_suites() -> None:
    suite = load_suite("mini").model_copy(update={"seeds": {"tc_clip": [1], "vifi_clip": [2]}})
    assert suite.with_seeds({"tc_clip": [5, 6]}).seeds == {"tc_clip": [5, 6], "vifi_clip": [2]}


def test_a_scaled_count_is_rounded_to_the_nearest_and_stays_at_least_one_where_it_was() -> None:
    budget = SuiteBudget({"k": {"times": 0.27}, "few": {"times": 0.1}, "none": {"times": 5}}, "a suite")
    assert put_over({"k": 10, "few": 3, "none": 0}, budget) == {"k": 3, "few": 1, "none": 0}
