"""Intervals and comparisons of a hand-made suite's tables, from its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_made import write_suite
from scipy.stats import t

from tcclip.errors import UserError
from tcclip.params import Table, load_table
from tcclip.params.protocol import Views
from tcclip.params.statistics import load_statistics
from tcclip.plan import Evaluation, layout, load_plan
from tcclip.reporting import write_table
from tcclip.reporting.cells import read_table
from tcclip.reporting.comparisons import all_comparisons, with_intervals
from tcclip.statistics.cells import evaluation_replicates
from tcclip.statistics.files import read_replicates
from tcclip.statistics.predictions import read_right
from tcclip.statistics.recordings import recordings_behind
from tcclip.statistics.weights import seed_shares, unit_weights
from tcclip.tracking.row_entry import measured_rows

TABLES = ("table2", "table7")
PLAIN, ENSEMBLE = "no weight ensemble", "weight ensemble"


@pytest.fixture(scope="module", autouse=True)
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory of these tests: hand-made zero-shot runs, one without predictions, and their tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("suite"))
        plan = load_plan("mini")
        write_suite(plan, {run for table in TABLES for run in plan.runs_of(table)})
        shutil.rmtree("runs/mini/zero_shot-k400-a5-s1024/predictions")
        for table in TABLES:
            write_table(plan, table)
        yield Path.cwd()


def table(name: str) -> pd.DataFrame:
    return (
        read_table(Path(f"reports/mini/tables/{name}.csv"))
        .set_index(["group", "row", "column"], drop=False)
        .sort_index()
    )


def replicates(name: str) -> dict[tuple[str, str, str], np.ndarray]:
    return read_replicates(Path(f"reports/mini/intervals/{name}.npz"))


@pytest.mark.parametrize("more", [0.01, 20.0])
def test_an_accuracy_that_its_predictions_do_not_have_is_in_no_table(more: float):
    path = Path("runs/mini/zero_shot-k400-tc_clip-s1024/metrics.json")
    before = path.read_text()
    content = json.loads(before)
    content["evaluations"]["hmdb51-test1-2x1"]["top1"] += more
    path.write_text(json.dumps(content))
    try:
        with pytest.raises(
            UserError, match=r"tc_clip-s1024: hmdb51-test1-2x1 has \d\d\.\d\d % in metrics.json and \d\d"
        ):
            write_table(load_plan("mini"), "table7")
    finally:
        path.write_text(before)


def test_every_measured_cell_has_an_interval_around_its_value():
    cells = table("table2").query("source == 'measured' and row != 'A5'")
    assert len(cells) > 60
    assert ((cells["low"] <= cells["value"]) & (cells["value"] <= cells["high"])).all()
    assert ((cells["high"] - cells["low"]).between(1, 25)).all()


def test_cells_without_predictions_have_a_value_and_no_interval():
    cells = table("table2").query("row == 'A5'")
    assert cells["value"].notna().all()
    assert cells[["low", "high", "difference", "p"]].isna().all(axis=None)


def test_an_average_is_the_average_of_its_columns_replicates():
    found = replicates("table2")
    columns = [found[PLAIN, "TC-CLIP", name] for name in ("hmdb51", "ucf101", "k600_top1")]
    np.testing.assert_allclose(found[PLAIN, "TC-CLIP", "all_top1"], np.mean(columns, axis=0), rtol=1e-5)


def test_a_cell_has_the_same_replicates_in_every_table():
    two, seven = replicates("table2"), replicates("table7")
    np.testing.assert_array_equal(two[ENSEMBLE, "TC-CLIP", "ucf101"], seven[ENSEMBLE, "(c) + TC + VP", "ucf101"])
    assert (two[ENSEMBLE, "TC-CLIP", "ucf101"] != two[PLAIN, "TC-CLIP", "ucf101"]).any()


def test_a_row_is_compared_with_the_baseline_of_its_group():
    cells = table("table2")
    line = cells.loc[ENSEMBLE, "TC-CLIP", "hmdb51"]
    assert line["difference"] == pytest.approx(line["value"] - cells.loc[ENSEMBLE, "ViFi-CLIP", "hmdb51"]["value"])
    assert line["difference_low"] < line["difference"] < line["difference_high"]
    assert pd.isna(cells.loc[PLAIN, "ViFi-CLIP", "hmdb51"]["difference"])


def test_comparisons_name_their_baseline():
    found = all_comparisons({name: (table(name).reset_index(drop=True), load_table(name)) for name in TABLES})
    line = found.query("table == 'table7' and group == @ENSEMBLE and row == '(a) + TC' and column == 'all'").iloc[0]
    assert (line["baseline_group"], line["baseline_row"]) == (ENSEMBLE, "Baseline")
    assert not found.query("row == baseline_row and group == baseline_group").size
    assert found["p"].between(0, 1).all()


def test_marks_stand_where_zero_is_outside_the_interval():
    cells = table("table2")
    vanilla = cells.loc[PLAIN, "Vanilla CLIP", "hmdb51"]
    assert vanilla["difference_high"] < 0 and vanilla["p"] < 0.05
    markdown, latex = (Path(f"reports/mini/tables/table2.{end}").read_text() for end in ("md", "tex"))
    row = next(line for line in markdown.splitlines() if line.startswith("| Vanilla CLIP"))
    assert row.count("↓") == (cells.loc[PLAIN, "Vanilla CLIP"]["difference_high"] < 0).sum() >= 1
    assert r"$^\downarrow$" in latex
    assert "↑ ↓ above or below ViFi-CLIP: the 95 % interval" in markdown


def test_recordings_are_counted_beside_videos_where_a_dataset_says_what_one_is():
    cells = table("table2")
    one = cells.loc[ENSEMBLE, "TC-CLIP"][["n_videos", "n_recordings"]]
    assert one.loc["ucf101"].tolist() == [3 * 96, 3 * 24]  # in each of three splits
    assert pd.isna(one.loc["hmdb51", "n_recordings"])
    assert one.loc["all_top1", "n_recordings"] == one.loc["all_top1", "n_videos"] - 3 * 96 + 3 * 24
    markdown = Path("reports/mini/tables/table2.md").read_text()
    assert "HMDB-51 N = 288, UCF-101 N = 288 of 72 recordings, K-600 N" in markdown


def test_recordings_are_counted_by_whichever_row_has_predictions():
    plan = load_plan("mini")
    cells = [cell for cell in plan.cells["table2"] if cell.column == "ucf101" and cell.evaluations]
    before = recordings_behind(plan, cells)
    first = [layout.predictions("mini", each.run, each.name) for each in cells[0].evaluations]
    for path in first:
        path.rename(path.with_suffix(".away"))
    try:
        assert cells[0].key in before and recordings_behind(plan, cells) == before
    finally:
        for path in first:
            path.with_suffix(".away").rename(path)


def test_the_weights_of_a_recording_are_those_of_all_its_clips():
    plan = load_plan("mini")
    path = Path("runs/mini/zero_shot-k400-tc_clip-s1024/predictions/ucf101-test1-2x1.parquet")
    found = read_right(path, "top1", plan.dataset("ucf101"))
    assert len(found.units) == 96 and len(set(found.units)) == 24 and "v_0_g00" in found.units
    alone = read_right(path, "top1", plan.dataset("k400"))
    assert alone.units == tuple(pd.read_parquet(path)["video"])


def test_mlflow_has_intervals_beside_the_columns_of_a_row():
    plan = load_plan("mini")
    entry = measured_rows(plan, {}, "1")["table2: no weight ensemble, TC-CLIP"]
    points = {point.name: point.value for point in entry.points}
    line = table("table2").loc[PLAIN, "TC-CLIP", "all_top1"]
    assert points["all_top1"] == line["value"]
    assert points["intervals/all_top1_low"] == line["low"]
    assert points["intervals/all_top1_above_baseline"] == line["difference"]


@pytest.mark.parametrize(
    ("name", "group", "row", "baseline"),
    [
        ("table2", "weight ensemble, LLM text", "TC-CLIP", (ENSEMBLE, "ViFi-CLIP")),
        ("table3", "LLM text", "OST", ("original names", "ViFi-CLIP")),
        ("table7", PLAIN, "Baseline", None),
        ("table8a", "", "ATS", ("", "Baseline")),
        ("table9a", "", "Joint embedding + bias", ("", "Spatial embedding + bias")),
        ("table9b", "seed token ratio alpha", "0.5", ("seed token ratio alpha", "0.3")),
        ("table9c", "context tokens k", "16", ("context tokens k", "96")),
    ],
)
def test_the_baseline_is_what_the_paper_compares_with(name: str, group: str, row: str, baseline: tuple | None):
    assert load_table(name).baseline_of(group, row) == baseline


def test_a_baseline_that_is_no_row_is_refused():
    row = {"row": "one", "method": "tc_clip"}
    with pytest.raises(ValueError, match="baseline 'two' is no row of the table: one"):
        Table(
            name="t",
            title="T",
            protocol="few_shot",
            columns=[{"name": "c", "cost": "gflops"}],
            rows=[row],
            baseline="two",
        )


def test_a_video_has_its_weights_whatever_stands_beside_it():
    settings = load_statistics()
    both, alone = unit_weights(settings, "hmdb51", ["a", "b"]), unit_weights(settings, "hmdb51", ["b"])
    assert (both[:, 1] == alone[:, 0]).all()
    assert (both[:, 1] != unit_weights(settings, "ucf101", ["b"])[:, 0]).any()
    assert abs(both.mean() - 1) < 0.05


def test_shares_of_seeds_sum_to_one_and_one_seed_has_it_whole():
    settings = load_statistics()
    assert (seed_shares(settings, [1024]) == 1).all()
    assert np.allclose(seed_shares(settings, [1, 2, 3]).sum(axis=1), 1)


def test_a_difference_has_no_interval_beyond_what_there_is():
    right, wrong = ("", "right", "c"), ("", "wrong", "c")
    frame = pd.DataFrame(
        [[*right, 100.0, "measured", 1], [*wrong, 0.0, "measured", 1]],
        columns=["group", "row", "column", "value", "source", "n_seeds"],
    )
    columns = [{"name": "c", "dataset": "ucf101", "splits": ["test1"]}]
    rows = [{"row": name, "method": "tc_clip"} for _, name, _ in (right, wrong)]
    table = Table(name="t", title="T", protocol="zero_shot", columns=columns, rows=rows, baseline="wrong")
    drawn = {right: np.linspace(90, 100, 200), wrong: np.zeros(200)}
    drawn[right][:50] = 20  # a half-width of 40 about the median of 95
    line = with_intervals(frame, table, drawn, load_statistics()).iloc[0]
    assert (line["difference"], line["difference_high"]) == (100, 100)
    assert line["difference_low"] == pytest.approx(55, abs=2)


def test_p_of_a_row_with_several_seeds_has_the_tails_of_students_t():
    one, two = ("", "three seeds", "c"), ("", "base", "c")
    frame = pd.DataFrame(
        [[*one, 60.0, "measured", 3], [*two, 50.0, "measured", 3]],
        columns=["group", "row", "column", "value", "source", "n_seeds"],
    )
    columns = [{"name": "c", "dataset": "ucf101", "splits": ["test1"]}]
    rows = [{"row": name, "method": "tc_clip"} for _, name, _ in (one, two)]
    table = Table(name="t", title="T", protocol="zero_shot", columns=columns, rows=rows, baseline="base")
    drawn = {one: np.linspace(55, 65, 201), two: np.full(201, 50.0)}
    of_seeds = with_intervals(frame, table, drawn, load_statistics()).iloc[0]
    alone = with_intervals(frame.assign(n_seeds=[1, pd.NA]), table, drawn, load_statistics()).iloc[0]
    assert of_seeds["p"] == pytest.approx(2 * t.sf(2.105 * t.ppf(0.975, 2), 2), rel=0.01)
    assert alone["p"] < 0.001 < 0.01 < of_seeds["p"] < 0.05
    assert of_seeds["difference_low"] == alone["difference_low"]


def test_the_splits_of_a_run_are_one_experiment_and_those_of_another_run_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Of the same videos with the same answers; what differs is the half videos, of which a run has one pair."""
    monkeypatch.chdir(tmp_path)
    answers = pd.DataFrame({"video": list("abcd"), "correct1": [True, False, True, True], "correct5": True})
    runs = [f"zero_shot-k400-{method}-s1024" for method in ("tc_clip", "vifi_clip")]
    views = Views(temporal=2, spatial=1, mode="paper")
    asked = [
        Evaluation(run, "hmdb51", split, views, we, 1024)
        for run in runs
        for split in ("test1", "test2")
        for we in (False, True)
    ]
    for each in asked:
        path = layout.predictions("mini", each.run, each.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        answers.to_parquet(path)
    found = evaluation_replicates(load_plan("mini"), [(each, "top1") for each in asked], load_statistics())
    of = {(each.run, each.split, each.we): found[each, "top1"] for each in asked}
    for we in (False, True):
        assert (of[runs[0], "test1", we] == of[runs[0], "test2", we]).all()
        assert (of[runs[0], "test1", we] != of[runs[1], "test1", we]).any()
    assert (of[runs[0], "test1", False] != of[runs[0], "test1", True]).any()
