"""The plan expands tables to evaluations and runs; a run that serves several tables is planned once."""

import subprocess
import sys

import pytest

from tcclip import stages
from tcclip.errors import UserError
from tcclip.params import load_suite, load_table
from tcclip.params.table import Column
from tcclip.plan import expand, load_plan

TC = "few_shot-hmdb51-k4-tc_clip-s1024"


def test_tables_2_and_3_need_two_zero_shot_and_24_few_shot_trainings():
    plan = load_plan("mini")
    runs = [plan.run(name) for name in {*plan.runs_of("table2"), *plan.runs_of("table3")}]
    assert sum(run.trained and run.protocol == "zero_shot" for run in runs) == 2
    assert sum(run.trained and run.protocol == "few_shot" for run in runs) == 24
    assert [run.name for run in runs if not run.trained] == ["untrained-vanilla_clip"]


def test_the_ablations_need_no_training_twice():
    plan = load_plan("mini")
    few_shot = [run for run in plan.runs.values() if run.trained and run.protocol == "few_shot"]
    zero_shot = [run for run in plan.runs.values() if run.trained and run.protocol == "zero_shot"]
    per_method = 3 * 4  # datasets times K
    methods = {
        "table3": 2,
        "table6": 1,  # the light variant
        "table8a": 7,  # the default, TC only, and 6 other selections; the baseline is Table 3's ViFi-CLIP
        "table8b": 6,  # the default and the baseline are there already, and so on
        "table9a": 3,
        "table9b": 4,
        "table9c": 4,
    }
    table1 = 3 * 3  # three kinds of reference tokens, K = 16 only; the other five rows are there already
    assert len(few_shot) == per_method * sum(methods.values()) + table1 == 333
    assert [run.method for run in zero_shot] == [
        "vifi_clip",
        "tc_clip",
        "tc_clip_light",
        "tc_only",
        "vp_only",
        "vifi_clip-learnable_prompts",
        "tc_clip-late_fusion",
    ]
    assert sum(len(plan.evaluations(run)) for run in plan.runs) == 333 + 4 * 18 + 3 * 9 + 10


def test_the_default_tc_only_runs_serve_every_table_of_variants():
    plan = load_plan("mini")
    few_shot = ["table8a", "table8b", "table9a", "table9b", "table9c"]
    assert plan.tables_of("few_shot-ssv2-k4-tc_only-s1024") == few_shot
    assert plan.tables_of("few_shot-ssv2-k16-tc_only-s1024") == ["table1", *few_shot]
    assert plan.tables_of("few_shot-ssv2-k4-vifi_clip-s1024") == ["table3", "table6", "table8a", "table8b"]
    assert plan.tables_of("few_shot-ssv2-k16-vifi_clip-s1024") == ["table1", "table3", "table6", "table8a", "table8b"]
    assert plan.tables_of("few_shot-ssv2-k16-tc_only-kmeans-s1024") == ["table1", "table8b"]
    assert plan.tables_of("zero_shot-k400-vp_only-s1024") == ["table7", "table10"]
    assert plan.tables_of("zero_shot-k400-tc_clip-s1024") == ["table2", "table6", "table7", "table10"]


def test_a_column_of_several_shots_takes_one_run_of_each():
    plan = load_plan("mini")
    cell = next(cell for cell in plan.cells["table9c"] if (cell.row, cell.column) == ("64", "ucf101"))
    runs = [plan.run(evaluation.run) for evaluation in cell.evaluations]
    assert [(run.shots, run.role, run.method) for run in runs] == [(k, "ucf101", "tc_only-k64") for k in (2, 4, 8, 16)]
    assert {evaluation.name for evaluation in cell.evaluations} == {"ucf101-test1-2x1"}
    assert cell.over_shots


TABLES = ["table1", "table2", "table3", "table7", "table8a", "table8b", "table9a", "table9b", "table9c", "table10"]


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_a_suite_has_these_tables(suite):
    assert set(TABLES) <= set(load_plan(suite).tables)


def test_every_row_of_the_ablations_has_a_method():
    for name, table in load_plan("mini").tables.items():
        assert all(row.method for row in table.rows) or name in ("table2", "table3", "table6"), name


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_every_published_cell_of_a_table_has_a_place_in_the_published_order(suite):
    import csv

    from tcclip.params.reader import params_folder

    with open(params_folder() / "published.csv", newline="") as file:
        published = [(r["table"], r["group"], r["row"], r["column"]) for r in csv.DictReader(file)]
    for table, cells in load_plan(suite).cells.items():
        planned = [(cell.table, cell.group, cell.row, cell.column) for cell in cells]
        expected = [key for key in published if key[0] == table]
        assert planned == expected


def test_a_run_that_serves_two_tables_is_one_run():
    plan = load_plan("mini")
    assert plan.tables_of("untrained-vanilla_clip") == ["table2", "table3"]
    evaluations = [evaluation.name for evaluation in plan.evaluations("untrained-vanilla_clip")]
    assert len(evaluations) == len(set(evaluations)) == 10  # 3 splits of 3 datasets, and SSv2


def test_zero_shot_runs_are_evaluated_with_and_without_weight_ensemble():
    names = {evaluation.name for evaluation in load_plan("mini").evaluations("zero_shot-k400-tc_clip-s1024")}
    assert {"hmdb51-test1-2x1", "hmdb51-test1-2x1-we"} <= names
    assert len(names) == 18


def test_few_shot_is_never_evaluated_on_splits_2_and_3():
    plan = load_plan("mini")
    for name, run in plan.runs.items():
        if run.protocol == "few_shot" and run.trained:
            assert [evaluation.split for evaluation in plan.evaluations(name)] == ["test1"]


def test_suites_differ_in_data_and_budgets_only():
    mini, paper = load_plan("mini"), load_plan("paper")
    assert list(mini.runs) == list(paper.runs)
    assert mini.protocol("few_shot").epochs < paper.protocol("few_shot").epochs == 50


def test_unknown_runs_and_tables_come_with_the_nearest_name():
    with pytest.raises(UserError, match=TC):
        load_plan("mini").run("few_shot-hmdb51-k4-tcclip-s1024")
    with pytest.raises(UserError, match="table3"):
        load_plan("mini").table("tabel3")


@pytest.mark.parametrize(
    "column, sentence",
    [
        ({"dataset": "hmdb", "splits": ["test1"], "shots": 2}, "unknown dataset 'hmdb': did you mean 'hmdb51'?"),
        ({"dataset": "hmdb51", "splits": ["tset2"], "shots": 2}, "'tset2': did you mean 'test2'?"),
        ({"dataset": "hmdb51", "splits": ["test1"], "shots": 3}, "'few_shot_k3': did you mean"),
    ],
)
def test_a_column_of_what_does_not_exist_is_an_error_with_the_nearest_name(column, sentence):
    table = load_table("table3").model_copy(update={"columns": [Column(name="odd", **column)]})
    with pytest.raises(UserError) as error:
        expand(load_suite("mini"), table)
    assert sentence in str(error.value)


def test_a_runs_settings_hold_what_its_weights_depend_on_and_nothing_else():
    plan = load_plan("mini")
    settings = stages.training_settings(plan, plan.run(TC))
    assert settings["method.tc.k"] == 96
    assert settings["protocol.epochs"] == plan.protocol("few_shot").epochs
    without = {
        "method.display",
        "method.description",
        "method.we.w",
        "protocol.views.temporal",
        "machine.loader_workers",
    }
    assert not without & settings.keys()


def test_the_ensemble_weight_belongs_to_the_evaluation():
    plan = load_plan("mini")
    assert stages.evaluation_settings(plan, plan.run("zero_shot-k400-tc_clip-s1024"))["method.we.w"] == 0.7
    assert "method.we.w" not in stages.evaluation_settings(plan, plan.run(TC))  # few-shot has no ensemble


def test_planning_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from tcclip.plan import load_plan; load_plan('paper'); print({'torch', 'pandas'} & {*sys.modules})"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"
