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
    runs = load_plan("mini").runs.values()
    assert sum(run.trained and run.protocol == "zero_shot" for run in runs) == 2
    assert sum(run.trained and run.protocol == "few_shot" for run in runs) == 24
    assert [run.name for run in runs if not run.trained] == ["untrained-vanilla_clip"]


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_every_published_cell_of_a_table_has_a_place_in_the_published_order(suite):
    import csv

    from tcclip.params.reader import params_folder

    with open(params_folder() / "published.csv", newline="") as file:
        published = [(r["table"], r["group"], r["row"], r["column"]) for r in csv.DictReader(file)]
    for table, cells in load_plan(suite).cells.items():
        planned = [(cell.table, cell.group, cell.row, cell.column) for cell in cells]
        expected = [key for key in published if key[0] == table]
        assert set(expected) <= set(planned)
        assert [key[:3] for key in planned if key in set(expected)] == [key[:3] for key in expected]


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
