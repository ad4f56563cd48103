"""The rule on numbers, and each reason why a cell is not compared."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from changed_params import with_params
from hand_made import evaluation_part

from tcclip.errors import UserError
from tcclip.params import load_method, load_protocol, load_suite, load_table
from tcclip.params.verdicts import load_rule
from tcclip.plan import Plan, load_plan
from tcclip.plan.changes import changed_plan
from tcclip.plan.plan import plan_of
from tcclip.reporting.claims import about
from tcclip.reporting.verdicts import by_table, comparable, counted
from tcclip.verdicts.comparable import Reasons, idle_keys
from tcclip.verdicts.rule import of_accuracy, of_count

RULE = load_rule().model_copy(update={"deviations": 1, "rounding": 0.05, "counted": 1, "coverage": 98})


@pytest.mark.parametrize(
    ("printed", "deviation", "verdict"),
    [
        (53.7, None, "reproduced"),
        (55.05, None, "reproduced"),  # 55 and what rounding may be off
        (55.1, None, "lower"),
        (55.1, 0.7, "reproduced"),
        (49.9, None, "higher"),
    ],
)
def test_a_printed_number_within_the_widened_interval_is_reproduced(printed, deviation, verdict):
    assert of_accuracy(50.0, 55.0, printed, deviation, RULE) == verdict


def test_an_interval_is_widened_by_as_many_deviations_as_the_rule_says():
    wider = RULE.model_copy(update={"deviations": 2})
    assert [of_accuracy(50.0, 55.0, 56.0, 0.6, rule) for rule in (RULE, wider)] == ["lower", "reproduced"]


def test_a_count_has_a_share_of_itself_and_at_least_what_rounding_may_be_off():
    assert (of_count(1.04, 1.0, RULE), of_count(1.06, 1.0, RULE)) == ("reproduced", "higher")
    assert of_count(127.52, 127.5, RULE) == of_count(303.9, 305.0, RULE) == of_count(16, 16, RULE) == "reproduced"
    assert (of_count(16, 32, RULE), of_count(310.0, 305.0, RULE)) == ("lower", "higher")


def reason(plan: Plan, table: str, row: str, column: str, **part: Any) -> str:
    complete = {**evaluation_part(50.0), "listed": 40, **part}
    results = {run: {e.name: complete for e in plan.evaluations(run)} for run in plan.runs_of(table)}
    cell = next(cell for cell in plan.cells[table] if (cell.row, cell.column) == (row, column) and cell.content)
    return Reasons(plan, table, results, RULE).against(cell)


def paper(**update: Any) -> Plan:
    """The suite `paper`, with other values."""
    return plan_of(load_suite("paper").model_copy(update=update))


def with_dataset(role: str, **update: Any) -> Plan:
    """The suite `paper`, with a data set of other values."""
    plan = paper()
    plan.datasets[role] = plan.datasets[role].model_copy(update=update)
    return plan


def test_the_paper_suite_as_it_is_can_be_compared():
    plan = paper()
    for place in (("table2", "TC-CLIP", "all_top1"), ("table2", "A5", "hmdb51"), ("table3", "OST", "ssv2_k2")):
        assert reason(plan, *place) == ""
    assert reason(plan, "table4", "TC-CLIP", "all_hm") == ""
    assert reason(plan, "table6", "TC-CLIP", "gflops") == ""
    assert reason(plan, "table6", "X-CLIP", "zero_shot") == ""  # of a row of Table 2, by whose recipe it is
    for place in (("table2", "Open-VCLIP", "hmdb51"), ("table4", "Open-VCLIP", "ssv2_hm"), ("table4", "A5", "k400_hm")):
        assert reason(plan, *place) == ""


@pytest.mark.parametrize("row", ["Vanilla CLIP", "ActionCLIP", "ViFi-CLIP"])
def test_numbers_of_a_third_papers_re_run_are_not_of_the_common_recipe(row):
    said = "another recipe: the paper's common recipe, where the number is of ViFi-CLIP's paper"
    assert reason(paper(), "table3", row, "ucf101_k16") == reason(paper(), "table4", row, "all_hm") == said
    assert reason(paper(), "table5", "ViFi-CLIP", "k400_top1") == ""  # whose own recipe is the same there


def test_a_cell_of_another_table_has_the_reasons_of_the_row_there():
    said = "another recipe: the paper's common recipe, where the number is of ViFi-CLIP's paper"
    assert reason(paper(), "table6", "ViFi-CLIP", "few_shot") == said
    assert reason(paper(), "table6", "ViFi-CLIP", "zero_shot") == ""


def test_numbers_that_are_printed_of_other_videos():
    other = "another test set: k600, where the number is of k600_val7k"
    rephrased = paper(texts=[*load_suite("paper").texts, "rephrased"])
    for place in (("table2", "Open-VCLIP", "k600_top1"), ("table2", "FROSTER", "all_top1")):
        assert reason(rephrased, *place) == other
    assert reason(paper(), "table6", "Open-VCLIP", "zero_shot") == other
    shorter = "another test set: k400, where the number is of FROSTER's shorter lists"
    for place in (("table4", "Open-VCLIP", "k400_base"), ("table4", "FROSTER", "k400_hm")):
        assert reason(rephrased, *place) == shorter
    theirs = paper(datasets={**load_suite("paper").datasets, "k600": "k600_val7k"})
    assert reason(theirs, "table2", "Open-VCLIP", "k600_top1") == ""


@pytest.mark.parametrize(
    ("row", "method", "said"),
    [
        ("A5", "a5-common", "another recipe: the paper's common recipe, where the number is of A5's own paper"),
        ("TC-CLIP", "a5", "another recipe: its authors' own, where the number is of the paper's common recipe"),
    ],
)
def test_a_row_by_another_recipe_than_its_printed_numbers(row, method, said, monkeypatch, tmp_path):
    rows = [
        {**of.model_dump(), "method": method} if of.row == row else of.model_dump() for of in load_table("table2").rows
    ]
    plan = with_params(monkeypatch, tmp_path, tables__table2={"rows": rows}, suites__paper={"tables": ["table2"]})
    assert reason(plan, "table2", row, "hmdb51") == said


def test_printed_videos_of_a_data_set_without_a_column_are_refused(monkeypatch, tmp_path):
    rows = [{"row": "A5", "method": "a5", "printed_on": {"k700": "others"}}]
    said = "row 'A5' has printed_on of 'k700', which no column is of: did you mean 'k600'?"
    with pytest.raises(UserError, match=re.escape(said)):
        with_params(monkeypatch, tmp_path, tables__table2={"rows": rows}, suites__paper={"tables": ["table2"]})


def test_too_few_tested_videos():
    said = reason(paper(), "table2", "TC-CLIP", "hmdb51", n_videos=39)
    assert said == "coverage below 98 %: hmdb51 test1, 39 of 40 videos"
    assert reason(paper(), "table2", "TC-CLIP", "hmdb51", n_videos=49, listed=50) == ""  # 98 % are enough


def test_numbers_on_lists_of_ours_are_not_comparable():
    plan = with_dataset("hmdb51", lists="official")
    assert reason(plan, "table3", "TC-CLIP", "hmdb51_k4") == "own draws: hmdb51 few_shot_k4"
    assert reason(plan, "table4", "TC-CLIP", "hmdb51_novel") == "another test set: our list of hmdb51 novel_test"
    assert reason(plan, "table2", "TC-CLIP", "hmdb51") == ""  # its official splits are the paper's


def test_another_release_in_the_role():
    datasets = load_suite("paper").datasets
    assert reason(paper(datasets={**datasets, "k600": "k600_val7k"}), "table2", "TC-CLIP", "k600_top1") == (
        "another test set: k600_val7k"
    )
    assert reason(with_dataset("k400", name="k400_small"), "table2", "TC-CLIP", "hmdb51") == (
        "another training set: k400_small"
    )


def test_another_data_set_in_the_role():
    assert reason(
        paper(datasets={**load_suite("paper").datasets, "hmdb51": "mini_hmdb51"}), "table2", "TC-CLIP", "hmdb51"
    ) == ("generated data: mini_hmdb51")


def test_other_frames_and_another_recipe():
    frames = with_dataset("hmdb51", frames=paper().dataset("hmdb51").frames.model_copy(update={"resize": "smooth"}))
    assert reason(frames, "table2", "TC-CLIP", "hmdb51") == "other frames: resize smooth in hmdb51"
    few = paper(protocols={"few_shot": {"frames": 8, "lr": 1e-5}})
    assert reason(few, "table3", "TC-CLIP", "ucf101_k2") == "other frames: frames 8 instead of 16"
    assert reason(few, "table2", "TC-CLIP", "ucf101") == ""
    short = paper(protocols={"few_shot": {"lr": 1e-5, "micro_batch": 2}})
    assert reason(short, "table3", "TC-CLIP", "ucf101_k2") == "another recipe: lr 1e-05 instead of 2e-06"
    fewer = paper(methods={"tc": {"k": {"times": 0.25}}})
    assert reason(fewer, "table3", "TC-CLIP", "ucf101_k2") == "another recipe: tc.k 24 instead of 96"
    assert reason(fewer, "table1", "Baseline (no reference tokens)", "ucf101") == ""
    typed = changed_plan(paper(), ["protocol.lr=1e-5"])
    assert reason(typed, "table3", "TC-CLIP", "ucf101_k2") == "another recipe: lr 1e-05 instead of 2e-06"


def test_what_moves_no_number_and_a_value_of_the_methods_own_are_no_other_recipe():
    plan = paper(protocols={"few_shot": {"micro_batch": 2, "seeds": [1024, 1025]}})
    for row, column in (("A5", "ucf101_k2"), ("OST", "hmdb51_k4")):  # which has a rate of its own there
        assert reason(plan, "table3", row, column) == ""
    unselected = paper(protocols={"zero_shot": {"validation": {"epochs": []}, "micro_batch": 2}})
    assert reason(unselected, "table2", "Vita-CLIP", "hmdb51") == ""


def test_videos_that_share_a_micro_batch_and_validations_that_select_are_of_a_recipe():
    fewer = paper(protocols={"few_shot": {"micro_batch": 2}, "zero_shot": {"micro_batch": 4}})
    said = "another recipe: micro_batch {} instead of {}"
    assert reason(fewer, "table3", "TC-CLIP", "ucf101_k2") == said.format(2, 4)  # mixed with each other
    assert reason(fewer, "table2", "ViFi-CLIP", "hmdb51") == ""
    assert "micro_batch" not in idle_keys(load_method("maxi"), load_protocol("zero_shot"))  # compared with each other
    more = paper(protocols={"few_shot": {"validation": {"epochs": "all"}}})
    assert reason(more, "table3", "TC-CLIP", "ucf101_k2").startswith("another recipe: validation.epochs all instead of")
    assert reason(more, "table3", "X-CLIP", "ucf101_k2") == ""  # tested with its last epoch's weights


def test_texts_that_are_not_the_papers():
    plan = with_dataset("hmdb51", texts=paper().dataset("hmdb51").texts.model_copy(update={"descriptors": {}}))
    assert reason(plan, "table3", "OST", "hmdb51_k2") == "other names or texts: descriptors of hmdb51 are your own"
    trained = with_dataset("k400", texts=paper().dataset("k400").texts.model_copy(update={"descriptors": {}}))
    assert reason(trained, "table2", "OST", "hmdb51") == "other names or texts: descriptors of k400 are your own"


def test_what_a_model_costs_is_compared_with_the_papers_frames_and_model_alone():
    fewer, short = paper(methods={"tc": {"k": {"times": 0.25}}}), paper(protocols={"fully_supervised": {"frames": 8}})
    assert reason(fewer, "table6", "TC-CLIP", "gflops") == "another recipe: tc.k 24 instead of 96"
    assert reason(fewer, "table6", "ViFi-CLIP", "gflops") == ""
    assert reason(short, "table6", "ViFi-CLIP", "gflops") == "other frames: frames 8 instead of 16"
    unmixed = paper(methods={"recipe": {"mixup": {"prob": 0}}}, protocols={"few_shot": {"frames": 8}})
    assert reason(unmixed, "table6", "TC-CLIP", "params_m") == ""


def test_a_rate_is_of_a_machine():
    assert reason(paper(), "table6", "TC-CLIP", "throughput_views_per_s") == "another machine"


def test_another_backbone_is_not_comparable():
    suite = load_suite("paper")
    larger = suite.backbone.model_copy(update={"open_clip": "ViT-L-14-quickgelu"})
    for column in ("zero_shot", "gflops"):
        said = reason(paper(backbone=larger), "table6", "TC-CLIP", column)
        assert said == "another backbone: open_clip ViT-L-14-quickgelu instead of ViT-B-16-quickgelu"
    renamed = suite.backbone.model_copy(update={"name": "clip"})
    assert reason(paper(backbone=renamed), "table6", "TC-CLIP", "gflops") == ""


def test_a_run_is_compared_with_the_recipe_of_the_run_that_it_starts_from():
    plan = paper(protocols={"zero_shot": {"lr": 1e-5}})
    alone = plan.run("few_shot-ucf101-k2-tc_clip-s1024")
    begun = replace(alone, init=plan.run("zero_shot-k400-tc_clip-s1024"))
    against = Reasons(plan, "table3", {}, RULE)
    assert against._of_run(alone) == ""
    assert against._of_run(begun) == "another recipe: lr 1e-05 instead of 8e-06"


def test_a_dataset_of_ones_own_makes_nothing_else_of_generated_videos_comparable():
    plan, real = replace(load_plan("mini")), paper().dataset("hmdb51")
    plan.datasets["toys"] = real
    assert not comparable(plan) and "generated videos" in about(plan)
    plan.datasets["mini_hmdb51"] = real
    assert comparable(plan) and "generated videos" not in about(plan)


def test_verdicts_are_counted_of_what_is_comparable_and_costs_apart():
    verdicts = pd.DataFrame(
        [
            ("table2", "accuracy", "reproduced", 40.0, 44.0),
            ("table2", "accuracy", "lower", 50.0, 58.0),
            ("table2", "accuracy", "not comparable", 0.0, 100.0),
            ("table6", "cost", "reproduced", None, None),
            ("table6", "cost", "not comparable", None, None),
        ],
        columns=["table", "kind", "verdict", "low", "high"],
    )
    said = "1 of 2 comparable cells reproduced, 1 lower; 1 not comparable; costs: 1 of 1 reproduced"
    assert counted(verdicts) == said
    assert by_table(verdicts)["interval"].tolist() == ["± 3.0", ""]
    assert by_table(verdicts)["costs reproduced"].tolist() == ["", "1 of 1"]
