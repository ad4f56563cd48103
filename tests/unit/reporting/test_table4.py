"""Tables 4 and 5: base and novel classes apart, draws averaged, harmonic means of averages, and counts of views."""

from __future__ import annotations

from statistics import harmonic_mean, pstdev

import pandas as pd
import pytest
from hand_made import evaluation_part

from tcclip.params.column import MeasuredColumn
from tcclip.plan import load_plan
from tcclip.reporting.cells import build
from tcclip.reporting.formats import latex, markdown
from tcclip.reporting.grid import grid
from tcclip.reporting.headings import headings
from tcclip.reporting.tables import drawn_cells

PLAN = load_plan("mini")
TABLE4, TABLE5 = PLAN.tables["table4"], PLAN.tables["table5"]
DATASETS = ("k400", "hmdb51", "ucf101", "ssv2")


def measured(values: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    """Table 4 of TC-CLIP with accuracies by (dataset, base or novel, fold); others are 50 %."""
    results = {}
    for role in DATASETS:
        for fold in (1, 2, 3):
            results[f"base_to_novel-{role}-f{fold}-tc_clip-s1024"] = {
                f"{role}-{half}_test-2x1": evaluation_part(values.get((role, half, fold), 50.0))
                for half in ("base", "novel")
            }
    cells = [cell for cell in PLAN.cells["table4"] if (cell.group, cell.row) == ("original names", "TC-CLIP")]
    return build(cells, results).set_index("column")


def test_a_cell_is_the_mean_over_three_draws_with_their_deviation():
    line = measured({("ssv2", "base", 1): 10.0, ("ssv2", "base", 2): 20.0, ("ssv2", "base", 3): 60.0}).loc["ssv2_base"]
    assert line["value"] == 30.0
    assert line["std"] == pytest.approx(pstdev([10, 20, 60]), abs=1e-6)
    assert len(line["runs"].split(";")) == 3


def test_harmonic_means_are_of_means_and_the_last_one_of_the_averages():
    frame = measured({("k400", "novel", n): 10.0 for n in (1, 2, 3)} | {("ssv2", "base", n): 90.0 for n in (1, 2, 3)})
    assert frame.loc["k400_hm", "value"] == pytest.approx(2 * 50 * 10 / 60)
    assert frame.loc["all_base", "value"] == pytest.approx((50 + 50 + 50 + 90) / 4)
    assert frame.loc["all_hm", "value"] == pytest.approx(harmonic_mean([60, 40]))
    of_harmonic_means = sum(frame.loc[f"{role}_hm", "value"] for role in DATASETS) / 4
    assert abs(frame.loc["all_hm", "value"] - of_harmonic_means) > 1


def test_a_harmonic_mean_without_one_half_is_empty():
    cells = [cell for cell in PLAN.cells["table4"] if (cell.row, cell.column) == ("ViFi-CLIP", "ssv2_hm")]
    assert build(cells, {})["value"].isna().all()


def test_an_untrained_method_has_no_deviation_over_draws():
    results = {"untrained-vanilla_clip": {"ssv2-base_test-2x1": evaluation_part(40.0)}}
    cells = [cell for cell in PLAN.cells["table4"] if (cell.row, cell.column) == ("Vanilla CLIP", "ssv2_base")]
    line = build(cells, results).iloc[0]
    assert line["value"] == 40.0 and pd.isna(line["std"])


def test_a_dataset_heads_its_base_novel_and_harmonic_columns():
    found = [(head.top, head.sub) for head in headings(TABLE4.columns, PLAN.displays)]
    assert found[:3] == [("K-400", "Base"), ("K-400", "Novel"), ("K-400", "HM")]
    assert found[-3:] == [("Average", "Base"), ("Average", "Novel"), ("Average", "HM")]


def test_the_videos_of_base_and_novel_classes_are_counted_apart_where_they_are_not_as_many():
    frame = measured({}).reset_index()
    notes = grid(frame, TABLE4.title, TABLE4.columns, PLAN.displays).notes
    assert any("all its splits together: K-400 N = 40, HMDB-51 N = 40," in note for note in notes)
    frame.loc[frame["column"] == "k400_novel", "n_videos"] = 30
    notes = grid(frame, TABLE4.title, TABLE4.columns, PLAN.displays).notes
    assert any("together: K-400 Base N = 40, K-400 Novel N = 30, HMDB-51 N = 40," in note for note in notes)


def test_frames_clips_and_crops_are_whole_numbers_of_the_protocol():
    cells = PLAN.cells["table5"]
    results = {
        f"fully_supervised-k400-{method}-s1024": {"k400-val-4x3": evaluation_part(50.0, top5=80.0)}
        for method in ("tc_clip", "vifi_clip")
    }
    frame = build(cells, results)
    shown = markdown(grid(frame, TABLE5.title, TABLE5.columns, PLAN.displays))
    row = next(line for line in shown.splitlines() if line.startswith("| TC-CLIP"))
    assert [part.strip(" *") for part in row.split("|")[2:-1]] == ["50.0", "80.0", "8", "4", "3"]


def test_numbers_on_lists_that_are_drawn_here_although_published_are_marked(monkeypatch):
    paper = load_plan("paper")
    assert drawn_cells(paper, "table3") == set()
    load = type(paper).dataset
    ours = lambda plan, role: load(plan, role).model_copy(update={"lists": "official"})  # noqa: E731
    monkeypatch.setattr(type(paper), "dataset", ours)
    marked = drawn_cells(paper, "table4")
    assert ("original names", "TC-CLIP", "ssv2_base") in marked and ("original names", "TC-CLIP", "all_hm") in marked
    assert not any(row == "Vanilla CLIP" for _, row, _ in marked)  # it is not trained
    frame = measured({}).reset_index()
    columns = [MeasuredColumn(name="ssv2_base", dataset="ssv2", splits=["base_test"])]
    shown = grid(frame[frame["column"] == "ssv2_base"], "Table 4. t", columns, PLAN.displays, drawn=marked)
    assert "50.0 ± 0.0 §" in markdown(shown) and r"$^\S$" in latex(shown, "table4")
    assert "did not" not in markdown(shown) and "videos that this program drew" in markdown(shown)
