"""The plan expands tables to evaluations and runs; a run that serves several tables is planned once."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from tcclip.errors import UserError
from tcclip.params import load_suite, load_table
from tcclip.params.column import MeasuredColumn
from tcclip.params.protocol import Views
from tcclip.params.reader import params_folder
from tcclip.plan import Evaluation, expand, load_plan
from tcclip.plan.cells import Average, Looks

TC = "few_shot-hmdb51-k4-tc_clip-s1024"


COMPARED = {  # the systems that the paper compares with, in the rows of these tables that are run
    "table2": ["action_clip-common", "a5", "x_clip", "vita_clip", "open_vclip", "maxi", "ost", "froster"],
    "table3": ["action_clip-common", "a5", "x_clip", "ost"],
    "table4": ["action_clip-common", "a5", "x_clip", "open_vclip", "froster"],
    "table5": ["action_clip", "x_clip", "vita_clip", "ost"],
    "fair": [f"{name}-common" for name in ("a5", "x_clip", "vita_clip", "open_vclip", "maxi", "ost", "froster")],
}
WITH_TEXTS = ["tc_clip-llm"]  # the paper's own method with texts from outside
ASKED_FOR = [
    "tc_clip-llm",
    "maxi",
    "maxi-common",
    "froster",
    "froster-common",
]  # suite paper has to be given their texts


def test_tables_2_and_3_need_a_zero_shot_training_and_12_few_shot_ones_of_every_system():
    plan = load_plan("mini")
    runs = [plan.run(name) for name in {*plan.runs_of("table2"), *plan.runs_of("table3")}]
    trained = [run for run in runs if run.trained]
    methods = {
        name: Counter(run.method for run in trained if run.protocol == name) for name in ("zero_shot", "few_shot")
    }
    assert methods["zero_shot"] == dict.fromkeys(["vifi_clip", "tc_clip", *COMPARED["table2"], *WITH_TEXTS], 1)
    assert methods["few_shot"] == dict.fromkeys(["vifi_clip", "tc_clip", *COMPARED["table3"], *WITH_TEXTS], 12)
    assert [run.name for run in runs if not run.trained] == ["untrained-vanilla_clip"]


def test_the_ablations_need_no_training_twice():
    plan = load_plan("mini")
    few_shot = [run for run in plan.runs.values() if run.trained and run.protocol == "few_shot"]
    zero_shot = [run for run in plan.runs.values() if run.trained and run.protocol == "zero_shot"]
    per_method = 3 * 4  # datasets times K
    methods = {
        "table3": 2 + len(COMPARED["table3"]) + len(WITH_TEXTS),
        "table6": 1,  # the light variant
        "table8a": 7,  # the default, TC only, and 6 other selections; the baseline is Table 3's ViFi-CLIP
        "table8b": 6,  # the default and the baseline are there already, and so on
        "table9a": 3,
        "table9b": 4,
        "table9c": 4,
    }
    table1 = 3 * 3  # three kinds of reference tokens, K = 16 only; the other five rows are there already
    fair = 3 * len(COMPARED["fair"])  # K = 16 only
    assert len(few_shot) == per_method * sum(methods.values()) + table1 + fair
    assert {run.method for run in zero_shot} == {
        *COMPARED["table2"],
        *COMPARED["fair"],
        "vifi_clip",
        "tc_clip",
        "tc_clip_light",
        "tc_only",
        "vp_only",
        "vifi_clip-learnable_prompts",
        "tc_clip-late_fusion",
        *WITH_TEXTS,
    }
    by_protocol = Counter(run.protocol for run in plan.runs.values() if run.trained)
    # base-to-novel: the methods of Table 4 and Table 6's light variant, four datasets, three draws
    novel = (3 + len(COMPARED["table4"]) + len(WITH_TEXTS)) * 4 * 3
    fully = 3 + len(COMPARED["table5"])
    assert by_protocol == {
        "few_shot": len(few_shot),
        "zero_shot": len(zero_shot),
        "base_to_novel": novel,
        "fully_supervised": fully,
        "diagnostic": 18,
    }
    parts = 6 * 19  # of the diagnostic table, whose first row is not trained
    vanilla = 3 * 3 + 1 + 4 * 2
    vanilla += 3 * 3 + 1  # and with names as listed
    with_and_without_ensemble = [
        "action_clip-common",
        "vifi_clip",
        "tc_clip",
        "tc_only",
        "vp_only",
    ]  # of Tables 2, 7 and 10
    tested = len(few_shot) + 9 * (len(zero_shot) + len(with_and_without_ensemble)) + novel * 2 + fully + vanilla + parts
    assert sum(len(plan.evaluations(run)) for run in plan.runs) == tested


def test_the_default_tc_only_runs_serve_every_table_of_variants():
    plan = load_plan("mini")
    few_shot = ["table8a", "table8b", "table9a", "table9b", "table9c"]
    assert plan.tables_of("few_shot-ssv2-k4-tc_only-s1024") == few_shot
    assert plan.tables_of("few_shot-ssv2-k16-tc_only-s1024") == ["table1", *few_shot]
    assert plan.tables_of("few_shot-ssv2-k4-vifi_clip-s1024") == ["table3", "table6", "table8a", "table8b"]
    baseline = ["table1", "table3", "table6", "table8a", "table8b", "fair"]
    assert plan.tables_of("few_shot-ssv2-k16-vifi_clip-s1024") == baseline
    assert plan.tables_of("few_shot-ssv2-k16-tc_only-kmeans-s1024") == ["table1", "table8b"]
    assert plan.tables_of("zero_shot-k400-vp_only-s1024") == ["table7", "table10"]
    assert plan.tables_of("zero_shot-k400-tc_clip-s1024") == ["table2", "table6", "table7", "table10", "fair"]
    assert plan.tables_of("diagnostic-diagnostic-tc_clip-plain-s1024") == ["diagnostic"]


def test_every_cell_is_measured_in_mini_but_those_that_the_paper_does_not_run_either():
    plan = load_plan("mini")
    empty = [(cell.table, cell.row, cell.column) for cells in plan.cells.values() for cell in cells if not cell.content]
    assert empty == [
        ("table6", "Vita-CLIP", "few_shot"),
        ("table6", "Vita-CLIP", "base2novel"),
        ("table6", "Open-VCLIP", "few_shot"),
        ("table6", "Open-VCLIP", "fully_supervised"),
    ]
    assert all(plan.runs_of(name) for name in plan.tables)


def test_the_paper_suite_plans_the_same_cells_but_of_rows_whose_texts_it_has_to_be_given():
    paper, mini = load_plan("paper"), load_plan("mini")
    assert mini.cells.keys() - paper.cells.keys() == {"diagnostic"}  # whose videos are generated
    for name, cells in mini.cells.items():
        left_out = {
            ours.method
            for ours, theirs in zip(cells, paper.cells.get(name, cells), strict=True)
            if ours.content and not theirs.content
        }
        assert left_out <= set(ASKED_FOR), name


def test_a_column_of_several_shots_takes_one_run_of_each():
    plan = load_plan("mini")
    cell = next(cell for cell in plan.cells["table9c"] if (cell.row, cell.column) == ("64", "ucf101"))
    runs = [plan.run(evaluation.run) for evaluation in cell.evaluations]
    assert [(run.shots, run.role, run.method) for run in runs] == [(k, "ucf101", "tc_only-k64") for k in (2, 4, 8, 16)]
    assert {evaluation.name for evaluation in cell.evaluations} == {"ucf101-test1-2x1"}
    assert cell.content.over_shots


TABLES = ["table1", "table2", "table3", "table7", "table8a", "table8b", "table9a", "table9b", "table9c", "table10"]


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_a_suite_has_these_tables(suite):
    assert set(TABLES) <= set(load_plan(suite).tables)


def test_every_row_of_the_ablations_has_a_method():
    for name, table in load_plan("mini").tables.items():
        compared = ("table2", "table3", "table4", "table5", "table6")
        assert all(row.method for row in table.rows) or name in compared, name


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_every_published_cell_of_a_table_has_a_place_in_the_published_order(suite):
    import csv

    with open(params_folder() / "published.csv", newline="") as file:
        published = [(r["table"], r["group"], r["row"], r["column"]) for r in csv.DictReader(file)]
    for table, cells in load_plan(suite).cells.items():
        planned = [(cell.table, cell.group, cell.row, cell.column) for cell in cells]
        expected = [key for key in published if key[0] == table]
        assert planned == expected or table in ("fair", "diagnostic")  # which no paper has


def test_a_run_that_serves_two_tables_is_one_run():
    plan = load_plan("mini")
    assert plan.tables_of("untrained-vanilla_clip") == ["table2", "table3", "table4", "fair", "diagnostic"]
    evaluations = [evaluation.name for evaluation in plan.evaluations("untrained-vanilla_clip")]
    assert (
        len(evaluations) == len(set(evaluations)) == 24
    )  # 3 splits of 3 datasets, SSv2; base and novel of 4 datasets; 6 parts


def test_a_base_to_novel_cell_has_a_run_for_each_draw_and_the_harmonic_mean_is_of_the_averages():
    plan = load_plan("mini")
    cells = {
        cell.column: cell for cell in plan.cells["table4"] if (cell.row, cell.group) == ("TC-CLIP", "original names")
    }
    runs = [plan.run(evaluation.run) for evaluation in cells["ssv2_novel"].evaluations]
    assert [run.name for run in runs] == [f"base_to_novel-ssv2-f{fold}-tc_clip-s1024" for fold in (1, 2, 3)]
    assert [plan.train_split(run) for run in runs] == ["base_train1", "base_train2", "base_train3"]
    assert {evaluation.split for evaluation in cells["ssv2_novel"].evaluations} == {"novel_test"}
    assert cells["ssv2_hm"].content == Average(("ssv2_base", "ssv2_novel"), harmonic=True)
    assert cells["all_hm"].content == Average(("all_base", "all_novel"), harmonic=True)
    of_base = [run for run in plan.runs.values() if run.protocol == "base_to_novel"]
    assert all({e.split for e in plan.evaluations(run.name)} == {"base_test", "novel_test"} for run in of_base)


def test_a_fully_supervised_run_is_tested_with_four_clips_of_three_crops():
    plan = load_plan("mini")
    names = [evaluation.name for evaluation in plan.evaluations("fully_supervised-k400-tc_clip-s1024")]
    assert names == ["k400-val-4x3"]
    looks = [cell for cell in plan.cells["table5"] if cell.row == "TC-CLIP" and isinstance(cell.content, Looks)]
    views = {cell.column: cell.content.count for cell in looks}
    assert views == {"frames": 8, "temporal_clips": 4, "spatial_crops": 3}


def test_the_paper_suite_has_the_trainings_that_the_specification_counts():
    plan = load_plan("paper")
    of = Counter((run.protocol, run.method) for run in plan.runs.values() if run.trained)
    for method in ("vifi_clip", "tc_clip", "tc_clip_light"):
        assert of["few_shot", method] == of["base_to_novel", method] == 12
        assert of["zero_shot", method] == of["fully_supervised", method] == 1
    tables = [set(plan.runs_of(name)) for name in ("table8a", "table8b")]
    assert len(tables[0] | tables[1]) == 14 * 12  # methods.md 12: T8
    tables9 = [set(plan.runs_of(name)) for name in ("table9a", "table9b", "table9c")]
    own = {run for runs in tables9 for run in runs if plan.run(run).method != "tc_only"}
    assert len(own) == 11 * 12  # T9
    references = {run for run in plan.runs_of("table1") if plan.run(run).method in ADDED_REFERENCES}
    assert len(references) == 9  # T1


def test_what_is_shown_first_needs_the_runs_of_its_rows_alone():
    plan = load_plan("mini")
    look = plan.suite.first_look
    assert {plan.run(run).method for run in plan.first_look} == set(look.methods)
    assert set(plan.first_look) < set(plan.runs_of(look.table))


def test_evaluations_of_a_run_that_differ_in_anything_have_names_of_their_own():
    """Their predictions lie beside each other by these names."""
    views = Views(temporal=2, spatial=1, mode="paper")
    plain = Evaluation("run", "hmdb51", "test1", views, we=False)
    looks = [views.model_copy(update=one) for one in ({"temporal": 4}, {"spatial": 3}, {"mode": "deterministic"})]
    others = [{"role": "ucf101"}, {"split": "test2"}, {"we": True}, {"last": True}, {"precision": "bf16"}]
    every = [plain, *(replace(plain, views=of) for of in looks), *(replace(plain, **one) for one in others)]
    assert len({evaluation.name for evaluation in every}) == len(every)


def test_zero_shot_runs_are_evaluated_with_and_without_weight_ensemble():
    names = {evaluation.name for evaluation in load_plan("mini").evaluations("zero_shot-k400-tc_clip-s1024")}
    assert {"hmdb51-test1-2x1", "hmdb51-test1-2x1-we"} <= names
    assert len(names) == 18


def test_few_shot_is_never_evaluated_on_splits_2_and_3():
    plan = load_plan("mini")
    for name, run in plan.runs.items():
        if run.protocol == "few_shot" and run.trained:
            assert [evaluation.split for evaluation in plan.evaluations(name)] == ["test1"]


ADDED_REFERENCES = ("vifi_clip-cls_tokens", "vifi_clip-adjacent", "vifi_clip-all_patches")


def test_suites_differ_in_data_and_budgets_only():
    mini, paper = load_plan("mini"), load_plan("paper")
    known = {name: run for name, run in mini.runs.items() if run.role != "diagnostic"}  # whose videos are generated
    assert [name for name, run in known.items() if run.method not in ASKED_FOR] == list(paper.runs)
    assert mini.protocol("few_shot").epochs < paper.protocol("few_shot").epochs == 50


def test_unknown_runs_and_tables_come_with_the_nearest_name():
    with pytest.raises(UserError, match=TC):
        load_plan("mini").run("few_shot-hmdb51-k4-tcclip-s1024")
    with pytest.raises(UserError, match="table3"):
        load_plan("mini").table("tabel3")


@pytest.mark.parametrize(
    "column, sentence",
    [
        (
            {"dataset": "hmdb", "splits": ["test1"], "shots": 2},
            "unknown dataset of params/suites/mini.yaml in column odd of table3 'hmdb': did you mean 'hmdb51'?",
        ),
        ({"dataset": "hmdb51", "splits": ["tset2"], "shots": 2}, "'tset2': did you mean 'test2'?"),
        ({"dataset": "hmdb51", "splits": ["test1"], "shots": 3}, "'few_shot_k3': did you mean"),
    ],
)
def test_a_column_of_what_does_not_exist_is_an_error_with_the_nearest_name(column, sentence):
    table = load_table("table3").model_copy(update={"columns": [MeasuredColumn(name="odd", **column)]})
    with pytest.raises(UserError) as error:
        expand(load_suite("mini"), table)
    assert sentence in str(error.value)


def test_planning_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from tcclip.plan import load_plan; load_plan('paper'); print({'torch', 'pandas'} & {*sys.modules})"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"
