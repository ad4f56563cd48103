"""The fair comparison: all eleven systems under one recipe, and what is trained for it alone."""

from collections import Counter

import pytest

from tcclip.plan import load_plan
from tcclip.plan.values import protocol_of

COMMON = [f"{name}-common" for name in ("a5", "x_clip", "vita_clip", "open_vclip", "maxi", "ost", "froster")]


def test_the_fair_comparison_has_all_eleven_systems_and_trains_what_no_other_table_has():
    plan = load_plan("mini")
    rows = list(dict.fromkeys(row.method for row in plan.table("fair").rows))
    there = ["vanilla_clip", "action_clip-common", "vifi_clip", "tc_clip"]
    assert sorted(rows) == sorted([*there, *COMMON]) and len(rows) == 11
    assert [row.method_name for row in plan.table("fair").rows][:2] == ["vanilla_clip", "vanilla_clip-names_as_listed"]
    alone = [run for run, planned in plan.runs.items() if planned.trained and plan.tables_of(run) == ["fair"]]
    assert Counter(plan.run(run).method for run in alone) == dict.fromkeys(COMMON, 1 + 3)
    assert {plan.method(name).recipe.source for name in rows if plan.method(name).train} == {
        "the paper's common recipe"
    }


@pytest.mark.parametrize("suite", ["mini", "paper"])
@pytest.mark.parametrize("protocol", ["zero_shot", "few_shot"])
def test_the_fair_comparison_has_one_budget_and_the_same_frames_views_and_pixels_for_all(suite, protocol):
    plan = load_plan(suite)
    methods = [plan.method(row.method) for row in plan.table("fair").rows if row.method != "vanilla_clip"]
    budgets = [protocol_of(plan.suite, protocol, method).model_dump(exclude={"micro_batch"}) for method in methods]
    labels = [budget.pop("pseudo_labels") for budget in budgets]  # MAXI's videos have no labels
    assert all(budget == budgets[0] for budget in budgets)
    assert [method.name for method, own in zip(methods, labels, strict=True) if own] == (
        ["maxi-common"] if protocol == "zero_shot" else []
    )
    for of in (
        lambda method: (method.sampling, method.norm, method.channels, method.centre, method.views),
        lambda method: (method.recipe.augmentation, method.recipe.schedule),
        lambda method: method.recipe.optimizer.model_copy(update={"new_lr_factor": 1}),  # is the method's own
        lambda method: method.names.split_camel_case or method.name == "froster-common",  # which does not read names
    ):
        assert all(of(method) == of(methods[0]) for method in methods)
