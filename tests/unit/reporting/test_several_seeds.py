"""What is shown of runs that differ in their seed alone: explained one by one, drawn once, grouped in MLflow."""

from __future__ import annotations

import pytest
from hand_made import evaluation_part, write_run

from tcclip.plan import Plan, layout, load_plan, plan_with_seeds
from tcclip.provenance.explain import explain
from tcclip.reporting.suite_figures import class_evaluations, compared, of_first_seed
from tcclip.reporting.tables import write_table
from tcclip.tracking.description import tags_of
from tcclip.tracking.saved_views import views

TYPED = "table3/tc_clip:1024,1025"
RUNS = {f"few_shot-hmdb51-k2-tc_clip-s{seed}": top1 for seed, top1 in ((1024, 40.0), (1025, 44.0))}


@pytest.fixture
def several(tmp_path, monkeypatch) -> Plan:
    """A plan with two seeds, and the runs of one cell, in the working directory."""
    monkeypatch.chdir(tmp_path)
    plan = plan_with_seeds("mini", TYPED)
    for name, top1 in RUNS.items():
        (evaluation,) = plan.evaluations(name)
        write_run(layout.run("mini", name), plan.run(name), {evaluation.name: evaluation_part(top1)})
    return plan


def test_explain_lists_every_seed_with_what_it_gives(several):
    write_table(several, "table3")
    said = explain(several, "table3", "TC-CLIP", "hmdb51_k2")
    assert "42.00 (40 videos), deviation over 2 seeds 2.83" in said
    assert "seeds        1024: 40.00, 1025: 44.00" in said
    assert all(f"Run {name}" in said and f"tcclip train {name}" in said for name in RUNS)
    assert f"tcclip reproduce table3 'TC-CLIP' hmdb51_k2 --group 'original names' --seeds {TYPED}" in said


def test_figures_draw_the_first_seed_and_say_so(several):
    one = load_plan("mini")
    assert [run.name for run in compared(several)] == [run.name for run in compared(one)]
    assert class_evaluations(several) == class_evaluations(one)
    assert of_first_seed(several, compared(several)) == " Of several seeds the first is shown (1024)."
    assert of_first_seed(one, compared(one)) == ""


def test_mlflow_puts_runs_together_that_differ_in_their_seed_alone(several):
    tags = [tags_of(several, several.run(name)) for name in RUNS]
    assert [tag["seed"] for tag in tags] == ["1024", "1025"]
    assert {tag["configuration"] for tag in tags} == {"few_shot-hmdb51-k2-tc_clip"}
    group = views(several)["seeds"][1]["groupBy"]
    assert group["groupByKeys"] == [{"mode": "tag", "groupByData": "configuration"}]
    assert "seeds" not in views(load_plan("mini"))
