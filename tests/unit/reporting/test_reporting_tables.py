"""Tables from hand-written results: every number below is computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from changed_params import with_params
from hand_made import evaluation_part
from table_cells import COLUMNS2, NAMES, TABLE2, VIEWS, cell, results

from tcclip.errors import UserError
from tcclip.params.column import MeasuredColumn
from tcclip.params.reader import path_of, read_yaml
from tcclip.plan import Cell, Evaluation, load_plan
from tcclip.plan.cells import Average, Measured
from tcclip.reporting.cells import COLUMNS, build, read_table
from tcclip.reporting.figures import accuracy_over_setting
from tcclip.reporting.formats import latex, markdown, write_formats
from tcclip.reporting.grid import grid, mean_over_shots
from tcclip.reporting.headings import headings
from tcclip.reporting.page import table_section
from tcclip.reporting.published_numbers import PublishedNumber
from tcclip.reporting.summary import headline, summary
from tcclip.reporting.tables import drawn_cells, of_training, results_of, table_frame, table_grid, write_table

GOLDEN = Path(__file__).parents[2] / "golden"


def only(frame: pd.DataFrame) -> pd.Series:
    assert len(frame) == 1
    return frame.iloc[0]


def test_a_cell_is_the_mean_over_splits_with_the_population_deviation():
    values = {"hmdb51-test1": 40.0, "hmdb51-test2": 43.0, "hmdb51-test3": 49.0}
    line = only(build([cell("TC-CLIP", "hmdb51")], results(values)))
    assert line["value"] == 44.0
    assert line["std"] == pytest.approx(math.sqrt((16 + 1 + 25) / 3), abs=1e-6)
    assert (line["n_videos"], line["source"], line["runs"]) == (120, "measured", "run-a")


def test_one_split_has_no_deviation():
    line = only(build([cell("TC-CLIP", "hmdb51", splits=1)], results({"hmdb51-test1": 40.0})))
    assert line["value"] == 40.0
    assert pd.isna(line["std"])


def test_a_cell_without_all_its_splits_is_empty():
    line = only(build([cell("TC-CLIP", "hmdb51")], results({"hmdb51-test1": 40.0, "hmdb51-test2": 41.0})))
    assert pd.isna(line["value"])
    assert pd.isna(line["n_videos"])
    assert (line["source"], line["runs"]) == ("", "")


def test_top5_reads_top5():
    part = {"run-a": {"k600-test1-2x1": evaluation_part(10.0, top5=55.5)}}
    line = only(build([cell("TC-CLIP", "k600_top5", splits=1, metric="top5")], part))
    assert line["value"] == 55.5


def average_of(third: float | None) -> pd.Series:
    values = {"hmdb51-test1": 100 / 3, "ucf101-test1": 200 / 3}
    if third is not None:
        values["k600-test1"] = third
    names = ("hmdb51", "ucf101", "k600_top1")
    cells = [cell("TC-CLIP", name, splits=1) for name in names]
    frame = build([*cells, cell("TC-CLIP", "all_top1", mean_of=names)], results(values))
    return frame.iloc[-1]


def test_an_average_is_made_of_unrounded_cells():
    line = average_of(1.0)
    assert line["value"] == round((100 / 3 + 200 / 3 + 1.0) / 3, 6)
    assert line["runs"] == "run-a"
    assert pd.isna(line["std"])


def test_an_average_counts_the_videos_of_distinct_test_splits():
    assert average_of(1.0)["n_videos"] == 120


def over_shots(values: dict[int, float]) -> pd.DataFrame:
    """A column over K and the average of it and a column at one K."""
    found = {f"run-k{k}": results({"ssv2-test1": value}, f"run-k{k}")[f"run-k{k}"] for k, value in values.items()}
    evaluations = tuple(Evaluation(f"run-k{k}", "ssv2", "test1", VIEWS, False) for k in (2, 4, 8, 16))
    several = Cell("table8a", "", "ATS", "ssv2", Measured("top1", evaluations, over_shots=True))
    one = Measured("top1", (Evaluation("run-u", "ucf101", "test1", VIEWS, False),))
    single = Cell("table8a", "", "ATS", "ucf101", one)
    average = Cell("table8a", "", "ATS", "all", Average(("ssv2", "ucf101")))
    return build([several, single, average], {**found, **results({"ucf101-test1": 50.0}, "run-u")})


def test_a_cell_over_several_shots_is_their_mean_without_a_deviation():
    frame = over_shots({2: 7.0, 4: 8.5, 8: 9.5, 16: 14.0})
    line = frame.iloc[0]
    assert line["value"] == 9.75
    assert pd.isna(line["std"])
    assert (line["n_videos"], line["runs"]) == (40, "run-k2;run-k4;run-k8;run-k16")
    assert frame.iloc[2]["value"] == (9.75 + 50) / 2


def test_a_cell_without_one_of_its_shots_is_empty():
    frame = over_shots({2: 7.0, 4: 8.5, 16: 14.0})
    assert frame["value"].isna().tolist() == [True, False, True]
    assert frame.iloc[0]["runs"] == ""


def test_a_table_over_several_shots_says_so():
    columns = load_plan("mini").tables["table8a"].columns
    assert mean_over_shots(columns) == ["Each cell is the mean over K = 2, 4, 8, 16 training videos per class."]
    assert [head.sub for head in headings(columns, NAMES)] == ["", "", "", ""]
    assert mean_over_shots(load_plan("mini").tables["table1"].columns) == []


def test_names_with_separators_and_brackets_survive_every_format(tmp_path):
    row, group = '[CLS] "a"; b, c & d', "weights; LLM, <text> | {x}^2"
    one = Measured("top1", (Evaluation("run-a", "hmdb51", "test1", VIEWS, False),))
    cells = [Cell("t", group, row, "x;y", one)]
    frame = build(cells, results({"hmdb51-test1": 40.0}))
    columns = [MeasuredColumn(name="x;y", dataset="hmdb51", splits=["test1"])]
    shown = grid(frame, "t", columns, NAMES)
    write_formats(frame, shown, tmp_path / "t.csv")
    line = only(read_table(tmp_path / "t.csv"))
    assert (line["group"], line["row"], line["column"], line["runs"]) == (group, row, "x;y", "run-a")
    text = (tmp_path / "t.md").read_text()
    assert f"| {row} " in text and r"| *weights; LLM, <text> \| {x}^2* |" in text  # a bare | would end the cell
    text = (tmp_path / "t.tex").read_text()
    assert "\n{[}CLS] " in text  # a bare [ after \\ would be its argument
    assert r"LLM, $<$text$>$ $|$ \{x\}\textasciicircum{}2" in text
    body = table_section("t", shown, {}).body
    assert "[CLS] &#34;a&#34;; b, c &amp; d" in body and "&lt;text&gt;" in body


def test_a_setting_is_drawn_with_one_panel_per_column_on_one_scale():
    table = load_plan("mini").tables["table9c"]
    values = {("16", "hmdb51"): 50.0, ("128", "hmdb51"): 62.0, ("16", "all"): 30.0, ("128", "all"): 30.2}
    lines = [["t", "", k, c, v, 96, "measured"] for (k, c), v in values.items()]
    frame = pd.DataFrame(lines, columns=["table", "group", "row", "column", "value", "n_videos", "source"])
    figure = accuracy_over_setting(frame, table.columns, table.axis, NAMES)
    axes = figure.get_axes()
    assert [axis.get_title(loc="left") for axis in axes] == ["HMDB-51 (N = 96)", "UCF-101", "SSv2", "average (N = 96)"]
    spans = [round(high - low, 6) for low, high in (axis.get_ylim() for axis in (axes[0], axes[3]))]
    assert spans == [14.4, 14.4]
    assert axes[0].get_ylabel() == "top-1 accuracy (%)"
    assert figure.get_supxlabel() == "context tokens per video, k"


def test_an_average_with_an_empty_cell_is_empty():
    assert pd.isna(average_of(None)["value"])


def test_runs_of_a_cell_are_joined_by_semicolons():
    evaluations = tuple(Evaluation(run, "hmdb51", "test1", VIEWS, False) for run in ("run-a", "run-b"))
    both = Cell("table2", "", "TC-CLIP", "hmdb51", Measured("top1", evaluations))
    frame = build([both], results({"hmdb51-test1": 10.0}) | results({"hmdb51-test1": 20.0}, "run-b"))
    assert only(frame)["runs"] == "run-a;run-b"
    assert only(frame)["n_videos"] == 40


@pytest.mark.parametrize("value", [None, "12", -1.0, 100.1])
def test_a_value_that_is_no_percentage_is_one_clear_error(value):
    broken = results({"hmdb51-test1": 1.0})
    broken["run-a"]["hmdb51-test1-2x1"]["top1"] = value
    with pytest.raises(UserError, match=r"metrics.json of run run-a: hmdb51-test1-2x1.top1 must be a percentage"):
        build([cell("TC-CLIP", "hmdb51", splits=1)], broken)


def test_measured_wins_over_quoted_and_both_are_kept_apart():
    quoted = {("no weight ensemble", row, "hmdb51"): PublishedNumber(53.7, 0.7, "") for row in ("TC-CLIP", "A5")}
    cells = [cell("TC-CLIP", "hmdb51", splits=1), Cell("table2", "no weight ensemble", "A5", "hmdb51")]
    frame = build(cells, results({"hmdb51-test1": 40.0}), quoted)
    ours, theirs = frame.iloc[0], frame.iloc[1]
    assert (ours["value"], ours["source"], ours["published"]) == (40.0, "measured", 53.7)
    assert (theirs["value"], theirs["std"], theirs["source"], theirs["runs"]) == (53.7, 0.7, "quoted", "")


def small_table() -> pd.DataFrame:
    """Two measured methods, a quoted one and an empty one."""
    roles = ("hmdb51", "k600")
    first = {f"{role}-test{i}": 40.0 + i for role in roles for i in (1, 2, 3)}
    second = {f"{role}-test{i}": 50.0 for role in roles for i in (1, 2, 3)}
    columns = (("hmdb51", "top1"), ("k600_top1", "top1"), ("k600_top5", "top5"))
    cells = [cell("ViFi-CLIP", name, metric=metric) for name, metric in columns]
    cells += [cell("TC-CLIP", name, metric=metric, run="run-b") for name, metric in columns]
    cells += [Cell("table2", "others & more", row, name) for row in ("A5_x", "B") for name, _ in columns]
    quoted = {("others & more", "A5_x", "hmdb51"): PublishedNumber(44.3, 2.2, "")}
    quoted |= {("no weight ensemble", "TC-CLIP", "hmdb51"): PublishedNumber(53.7, None, "")}
    return build(cells, results(first) | results(second, "run-b"), quoted)


@pytest.mark.parametrize(("suffix", "draw"), [("md", markdown), ("tex", latex)])
def test_a_table_reads_as_the_golden_one(suffix, draw):
    frame = small_table()
    shown = grid(frame, "Table 2. A small one", COLUMNS2, NAMES, ["Suite test: made by hand."])
    text = draw(shown, frame) if suffix == "md" else draw(shown, "table2")
    assert text == (GOLDEN / f"small_table.{suffix}").read_text(encoding="utf-8")


def test_the_best_measured_value_is_marked_and_quoted_ones_never(tmp_path):
    shown = grid(small_table(), "t", COLUMNS2, NAMES)
    by_row = {line.row: line.entries[0] for line in shown.lines}
    assert [by_row[row].best for row in ("ViFi-CLIP", "TC-CLIP", "A5_x", "B")] == [False, True, False, False]
    assert by_row["A5_x"].quoted
    assert by_row["B"].value is None


def test_a_single_measured_row_is_not_called_the_best():
    frame = build(
        [cell("TC-CLIP", c.name, metric=c.metric) for c in COLUMNS2[:1]],
        results({f"hmdb51-test{i}": 1.0 for i in (1, 2, 3)}),
    )
    assert not grid(frame, "t", COLUMNS2[:1], NAMES).lines[0].entries[0].best


def test_a_table_comes_back_from_its_csv(tmp_path):
    frame = small_table()
    path = tmp_path / "tables" / "table2.csv"
    write_formats(frame, grid(frame, "t", COLUMNS2, NAMES), path)
    pd.testing.assert_frame_equal(read_table(path), frame, check_dtype=False)
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert path.with_suffix(".md").is_file()
    assert path.with_suffix(".tex").is_file()


def test_the_headline_is_the_averages_by_row_with_the_group_where_a_name_repeats():
    frame = pd.DataFrame(
        [["t", group, row, "all_top1", 54.321 + i, "measured"] for i, (group, row) in enumerate(
            [("plain", "ViFi-CLIP"), ("plain", "TC-CLIP"), ("weight ensemble", "TC-CLIP")])],
        columns=["table", "group", "row", "column", "value", "source"],
    )  # fmt: skip
    assert headline(frame, TABLE2.columns) == {
        "ViFi-CLIP": {"all_top1": 54.32},
        "TC-CLIP": {"all_top1": 55.32},
        "TC-CLIP (weight ensemble)": {"all_top1": 56.32},
    }
    assert summary({"t": (frame, TABLE2.columns)})["t"]["measured_cells"] == 3


def test_quoted_numbers_are_no_headline():
    frame = small_table()
    assert "A5_x" not in headline(frame, COLUMNS2)


def test_a_row_that_is_misspelt_against_the_printed_table_is_refused_before_the_table_is_made():
    plan = load_plan("mini")
    cells = [replace(c, row="TC-CLLIP") if c.row == "TC-CLIP" else c for c in plan.cells["table3"]]
    with pytest.raises(UserError, match=r"table3\.yaml: row '.*TC-CLLIP' is not in params/published\.csv for table3"):
        table_frame(replace(plan, cells={**plan.cells, "table3": tuple(cells)}), "table3", {})


def test_an_unknown_table_names_the_nearest_one():
    with pytest.raises(UserError, match=r"unknown table 'tabel3': did you mean 'table3'\?"):
        write_table(load_plan("mini"), "tabel3")


def test_cells_of_lists_that_are_drawn_here_although_one_is_published_are_marked():
    paper, plan = load_plan("paper"), replace(load_plan("paper"))
    plan.datasets["hmdb51"] = plan.datasets["hmdb51"].model_copy(update={"lists": "official"})
    drawn = drawn_cells(plan, "table3")
    assert {column.split("_")[0] for _, _, column in drawn} == {"hmdb51", "all"}
    assert {row for _, row, _ in drawn} >= {"TC-CLIP"} and "Vanilla CLIP" not in {row for _, row, _ in drawn}
    assert drawn_cells(paper, "table3") == set()


def test_a_column_of_the_training_split_says_that_it_is_one(tmp_path, monkeypatch):
    assert of_training(load_plan("mini"), "table3") == ""
    columns = read_yaml(path_of("tables", "table2"))["columns"]
    seen = {"name": "seen", "dataset": "k400", "splits": ["train"]}
    plan = with_params(monkeypatch, tmp_path, tables__table2={"columns": [*columns, seen]})
    assert of_training(plan, "table2") == "Tested on the videos that the runs were trained on: K-400 Top-1."


def test_the_notes_say_which_suite_it_is(tmp_path, monkeypatch):
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    found = results_of(plan, "table3")
    shown = table_grid(plan, "table3", table_frame(plan, "table3", found), found)
    assert shown.notes[0].startswith("Suite mini: ")
    assert [head.sub for head in shown.headings[:4]] == ["K=2", "K=4", "K=8", "K=16"]
