"""What a table, a figure or the page prints makes it anew when it changes, and nothing else of these params does."""

from dataclasses import replace
from typing import Any

import pytest

from tcclip.plan import Plan, load_plan
from tcclip.stages import figure, report, table

PLAN = load_plan("mini")
FIGURE = "figure1"


def of_suite(**changes: Any) -> Plan:
    return replace(PLAN, suite=PLAN.suite.model_copy(update=changes))


def dataset_called(role: str, display: str) -> Plan:
    plan = replace(PLAN)
    plan.datasets[plan.suite.dataset(role)] = plan.dataset(role).model_copy(update={"display": display})
    return plan


def source_of_vifi_clips_recipe(words: str) -> Plan:
    plan = replace(PLAN)
    method = plan.method("vifi_clip")
    recipe = method.recipe.model_copy(update={"source": words})
    plan._methods["vifi_clip"] = method.model_copy(update={"recipe": recipe})
    return plan


def stale(plan: Plan) -> list[bool]:
    made = (lambda of: table.settings(of, "table3"), report.settings, lambda of: figure.settings(of, FIGURE))
    return [settings(plan) != settings(PLAN) for settings in made]


@pytest.mark.parametrize(
    "plan",
    [of_suite(description="other words"), dataset_called("ucf101", "UCF"), source_of_vifi_clips_recipe("somebody")],
)
def test_other_words_make_tables_page_and_figures_anew(plan: Plan) -> None:
    assert stale(plan) == [True, True, True]


def test_what_nobody_prints_does_not() -> None:
    machine = PLAN.suite.machine.model_copy(update={"train_mem_mb": 1, "eval_batch": 1})
    assert stale(of_suite(machine=machine)) == [False, False, False]


def test_a_dataset_that_joins_the_suite_makes_anew_the_page_alone() -> None:
    joined = of_suite(datasets=PLAN.suite.datasets | {"kitchen": PLAN.suite.dataset("ucf101")})
    assert stale(joined) == [False, True, False]
