"""Few-shot and base-to-novel runs are chosen by test accuracies; the last epoch's are tested alike, shown beside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hand_made import evaluation_part

from tcclip.plan import Plan, layout, load_plan
from tcclip.reporting.report import write_report
from tcclip.reporting.tables import results_of, table_frame, write_table
from tcclip.tracking.run_points import final


def suite_with(*tables: str) -> Plan:
    """The paper's suite with results of these tables' runs below the working directory: 50 %, the last epoch 47.5 %."""
    plan = load_plan("paper")
    for run in {run for table in tables for run in plan.runs_of(table)}:
        parts = {e.name: evaluation_part(47.5 if e.last else 50.0) for e in plan.evaluations(run)}
        path = layout.metrics(plan.suite.name, run)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"evaluations": parts}))
    return plan


def test_runs_that_are_chosen_on_a_test_split_are_tested_twice() -> None:
    paper, mini = load_plan("paper"), load_plan("mini")
    assert [(e.name, e.last) for e in paper.evaluations("few_shot-ucf101-k2-tc_clip-s1024")] == [
        ("ucf101-test1-2x1", False),
        ("ucf101-test1-2x1-last", True),
    ]
    trained = [run for run in paper.runs.values() if run.trained]
    assert {run.protocol for run in trained if paper.keeps_last(run.name)} == {"few_shot", "base_to_novel"}
    assert not any(mini.keeps_last(run) for run in mini.runs)


def test_a_table_shows_both_and_its_cells_are_the_best_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    plan = suite_with("table3")
    write_table(plan, "table3")
    shown = layout.table("paper", "table3", "md").read_text(encoding="utf-8")
    last = shown.split("## The last epoch")[1]
    assert "| TC-CLIP | hmdb51_k2 | 50.0 | 47.5 | -2.5 |" in last
    assert "Vanilla" not in last  # nothing is chosen for a method that is not trained
    measured = table_frame(plan, "table3", results_of(plan, "table3")).query("source == 'measured'")
    assert set(measured["value"]) == {50.0}


def test_mlflow_s_mean_over_a_dataset_s_splits_is_of_the_best_ones() -> None:
    parts = {
        "ucf101-test1-2x1": evaluation_part(50.0),
        "ucf101-test1-2x1-last": {**evaluation_part(40.0), "last": True},
    }
    values = {point.name: point.value for point in final(parts, dict.fromkeys(parts, "ucf101"), {}, 0)}
    assert (values["top1_ucf101"], values["top1_ucf101_last"]) == (50.0, 40.0)


def test_the_page_shows_the_last_epoch_beside_the_best_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    plan = suite_with("table3", "table4")
    for name in plan.tables:
        write_table(plan, name)
    write_report(plan)
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", Path("reports/paper/index.html").read_text(encoding="utf-8")))
    for cell in ("TC-CLIP hmdb51_k2", "TC-CLIP hmdb51_novel"):
        assert f"original names {cell} 50.0 47.5 -2.5" in text
