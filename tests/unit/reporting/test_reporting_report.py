"""Per-class numbers by hand, and the whole report of a hand-made suite."""

from __future__ import annotations

import functools
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_made import ORDER_ONLY, class_names, write_suite
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tcclip.params import load_table
from tcclip.plan import Cell, layout, load_plan
from tcclip.provenance.explain import explain
from tcclip.reporting import results, write_report, write_table
from tcclip.reporting.cell_chain import made_again
from tcclip.reporting.figures import accuracy_vs_shots, class_accuracies
from tcclip.reporting.per_class import accuracy_by_class, confused_pairs, confusion, neighbours, per_class
from tcclip.reporting.results import coverage
from tcclip.reporting.style import look, looks
from tcclip.reporting.suite_figures import class_evaluations, compared
from tcclip.stages import evaluate

COUNTS = np.array([[5, 5, 0], [4, 6, 0], [0, 1, 9]])
NAMES = ["left", "right", "still"]


def test_a_confusion_counts_the_first_guess():
    predictions = pd.DataFrame({"label": [0, 0, 2], "top5_classes": [[0, 1], [1, 0], [2, 1]]})
    assert confusion(predictions, 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]


def test_a_class_without_videos_has_no_accuracy():
    accuracy = accuracy_by_class(np.array([[1, 1], [0, 0]]))
    assert accuracy[0] == 50
    assert np.isnan(accuracy[1])


def test_the_class_table_names_what_a_class_is_taken_for():
    frame = per_class({"M": COUNTS}, NAMES)
    assert frame.iloc[0].tolist() == ["M", 0, "left", 10, 50.0, "left", 50.0]
    assert frame["top1"].tolist() == [50.0, 60.0, 90.0]


def test_a_class_may_be_called_none_or_007(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    path = layout.class_file(plan.dataset("ssv2"), "test1")
    path.parent.mkdir(parents=True)
    path.write_text("label,name\n0,None\n1,007\n", encoding="utf-8")
    assert results.class_names(plan, "ssv2", "test1") == ["None", "007"]


def test_a_name_with_an_apostrophe_is_one_word_of_the_shell():
    cell = Cell("table2", "its authors'", "MAXI's labels", "all_top1")
    words = shlex.split(made_again(load_plan("mini"), cell, grouped=True))
    assert words == ["tcclip", "reproduce", "table2", "MAXI's labels", "all_top1", "--group", "its authors'"]


def test_a_class_without_videos_is_not_the_hardest_one():
    counts = np.array([[4, 1, 0], [0, 5, 0], [0, 0, 0]])
    axis, *_ = class_accuracies({"M": counts}, ["left", "right", "still"], "By class", looks(["M"])).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["left  (5)", "right  (5)"]
    assert axis.get_title(loc="left") == "By class, 1 without test videos left out"


def test_a_dataset_whose_runs_are_still_to_come_has_an_empty_panel():
    columns = load_table("table3").columns
    values = [50.0 if column.name.startswith("ucf101") else None for column in columns]
    frame = pd.DataFrame({"group": "", "row": "TC-CLIP", "column": [c.name for c in columns], "source": "measured"})
    frame = frame.assign(value=pd.array(values, "Float64"), n_videos=pd.array([80] * len(columns), "Int64"))
    axes = accuracy_vs_shots(frame, columns, {("", "TC-CLIP"): look(0)}, {}).axes
    assert [len(axis.lines) for axis in axes] == [0, 1, 0]


def test_a_pair_told_by_a_coin_is_listed_and_a_learnt_class_is_not():
    frame = confused_pairs({"M": COUNTS}, NAMES)
    assert frame.to_dict("records") == [
        {"method": "M", "class_a": "left", "class_b": "right", "n_videos": 20, "confused": 45.0, "told_apart": 55.0}
    ]


def test_a_pair_is_listed_from_a_quarter_on_and_told_apart_among_the_videos_taken_for_either():
    counts = np.array([[3, 1, 0], [1, 2, 1], [0, 0, 4]])
    assert confused_pairs({"M": counts}, NAMES)[["confused", "told_apart"]].to_numpy().tolist() == [[25.0, 71.43]]


@pytest.mark.parametrize("taken", [[(0, 3)], [(3, 0)], [(0, 3), (3, 0)]])
def test_classes_taken_for_each_other_stand_side_by_side(taken):
    counts = np.eye(4, dtype=int) * 5
    for place in taken:
        counts[place] = 4
    order = neighbours(counts)
    assert sorted(order) == [0, 1, 2, 3]
    assert abs(order.index(0) - order.index(3)) == 1


def caption(text: str) -> PngInfo:
    info = PngInfo()
    info.add_text("Description", text)
    return info


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mini suite whose runs are written by hand, reported early and whole; the working directory of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("reported"))
        plan = load_plan("mini")
        write_suite(plan, plan.first_look)
        write_table(plan, "table3")
        write_report(plan, so_far=True)
        shutil.copytree("reports/mini", "early")
        write_suite(plan)
        for table in plan.tables:
            write_table(plan, table)
        Path("reports/mini/figures").mkdir()
        Image.new("RGB", (32, 16)).save("reports/mini/figures/figure6.png", pnginfo=caption("Six. Run x, N = 1"))
        write_report(plan, data_behind=functools.partial(evaluate.data_behind, plan))
        yield Path("reports/mini")


def test_every_cell_of_a_row_with_a_method_is_measured(reported):
    for name in ("table2", "table3"):
        frame = pd.read_csv(reported / "tables" / f"{name}.csv")
        rows = [(row.group, row.row) for row in load_table(name).rows if row.method]
        ours = frame[[place in rows for place in zip(frame["group"], frame["row"], strict=True)]]
        assert len(ours["row"].unique()) >= 5
        assert set(ours["source"]) == {"measured"}
        assert len(ours) == len(frame)
    for name, table in load_plan("mini").tables.items():
        if table.ablation and name not in ("table6", "fair"):  # which wait for `tcclip bench`
            assert set(pd.read_csv(reported / "tables" / f"{name}.csv")["source"]) == {"measured"}


def test_a_page_so_far_shows_the_table_that_is_there_and_its_figure(reported):
    page = Path("early/index.html").read_text(encoding="utf-8")
    assert 'id="table3"' in page and 'id="table2"' not in page
    assert "1 of 15" in page and "1 of 15" not in (reported / "index.html").read_text(encoding="utf-8")
    assert Path("early/charts/table3_shots.png").is_file()
    assert not Path("early/metrics.json").exists()  # the suite's numbers are all of them or none


def test_the_headline_numbers_are_the_tables_averages(reported):
    summary = json.loads((reported / "metrics.json").read_text())
    frame = pd.read_csv(reported / "tables" / "table3.csv")
    cell = frame[(frame["row"] == "TC-CLIP") & (frame["column"] == "all_avg") & (frame["source"] == "measured")].iloc[0]
    assert summary["table3"]["TC-CLIP"]["all_avg"] == round(cell["value"], 2)
    assert set(summary) == set(load_plan("mini").tables)


def test_the_report_has_its_charts_and_leaves_the_figures_where_they_are(reported):
    found = {path.name for path in (reported / "charts").iterdir()}
    for role in ("hmdb51", "ucf101", "k600", "ssv2"):
        assert {f"per_class_{role}.png", f"per_class_{role}.csv", f"confusion_{role}.png"} <= found
    assert {"table3_shots.png", "loss_few_shot.png", "val_top1_zero_shot.png", "table9b.png", "table9c.png"} <= found
    assert "table1_shots.png" not in found  # one K only
    assert not list(reported.glob(".charts*.part"))
    assert {path.name for path in (reported / "figures").iterdir()} == {"figure6.png"}


def test_the_order_only_pair_is_found_at_chance_while_the_rest_is_learnt(reported):
    pairs = pd.read_csv(reported / "charts" / "confused_pairs_ssv2.csv")
    names = [class_names("ssv2")[label] for label in ORDER_ONLY]
    tuned = pairs[pairs["method"] == "TC-CLIP"]
    assert tuned[["class_a", "class_b"]].to_numpy().tolist() == [names]
    classes = pd.read_csv(reported / "charts" / "per_class_ssv2.csv")
    rest = classes[(classes["method"] == "TC-CLIP") & ~classes["class"].isin(names)]
    assert rest["top1"].min() > 70


SYSTEMS = [row.method for row in load_table("table3").rows if row.method]


def test_classes_are_compared_at_the_most_shots_and_without_ensembling():
    plan = load_plan("mini")
    chosen = class_evaluations(plan)
    assert {plan.run(e.run).shots for e in chosen["ssv2"] if plan.run(e.run).trained} == {16}
    assert [plan.run(e.run).method for e in chosen["ssv2"]] == SYSTEMS
    assert not any(e.we for evaluations in chosen.values() for e in evaluations)


def test_curves_and_classes_compare_systems_and_leave_variants_to_their_tables():
    runs = compared(load_plan("mini"))
    own_recipes = [row.method for row in load_table("table5").rows if row.method]  # ActionCLIP's is run there alone
    assert {run.method for run in runs} >= {*SYSTEMS, *own_recipes}
    assert not any("-" in run.method.removesuffix("-common").removesuffix("-llm") for run in runs)
    few_shot = [(run.role, run.shots) for run in runs if run.method == "vifi_clip" and run.protocol == "few_shot"]
    assert few_shot == [(role, k) for role in ("hmdb51", "ucf101", "ssv2") for k in (2, 4, 8, 16)]


def test_the_page_stands_alone_and_shows_tables_runs_and_broken_videos(reported):
    text = (reported / "index.html").read_text(encoding="utf-8")
    assert len(text) < 3_500_000 and "<script src" not in text
    written = re.sub(r"base64,[^\"']+", "", text)  # letters of a picture may be any
    assert "http" not in written.replace("https://www.w3.org", "")
    for word in (
        "Table 2",
        "Table 3",
        "Table 9b",
        "context tokens per video, k",
        "few_shot-ssv2-k16-tc_clip",
        "truncated",
        "Coverage, videos found of those listed: ",
        "72 of 73 videos",
        "params.yaml",
        "data:image/png",
        "Six. Run x, N = 1",
        "TC-CLIP right, ViFi-CLIP wrong",
        "Its frames are not on the machine that wrote this page.",
    ):
        assert word in text
    links = {part.split('"')[0] for part in text.split('href="')[1:] if not part.startswith("#")}
    assert links
    assert all((reported / link.partition("#")[0]).is_file() for link in links)


def chains_of(reported: Path) -> dict[str, Any]:
    text = (reported / "index.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="chains">(.*?)</script>', text, re.DOTALL).group(1))


def test_every_measured_cell_opens_a_chain_whose_texts_are_in_the_page_once(reported):
    text, chains = (reported / "index.html").read_text(encoding="utf-8"), chains_of(reported)
    frames = [pd.read_csv(path) for path in (reported / "tables").glob("*.csv")]
    measured = sum(int(((frame["source"] == "measured") & frame["runs"].notna()).sum()) for frame in frames)
    places = [int(number) for number in re.findall(r'<td[^>]* data-cell="(\d+)"', text)]
    assert sorted(places) == list(range(len(chains["cells"])))
    assert 0.9 * measured < len(places) <= measured  # numbers of views follow from params
    assert len(set(chains["texts"])) == len(chains["texts"])


def test_a_chain_says_what_explain_says_of_the_cell(reported):
    chains = chains_of(reported)
    cell = next(c for c in chains["cells"] if c["title"] == "table3, original names, TC-CLIP, all_avg, suite mini")
    run, facts = chains["runs"][cell["runs"][0]]
    said = explain(load_plan("mini"), "table3", "TC-CLIP", "all_avg")
    assert [name for name, _ in cell["evaluations"]] == re.findall(r"^  ((?:hmdb51|ucf101|ssv2)_k\d+)$", said, re.M)
    assert len(cell["runs"]) == 12 and f"Run {run}\n" in said and cell["again"] in said
    blocks = [cell["value"], *(chains["evaluations"][n] for _, numbers in cell["evaluations"] for n in numbers), facts]
    for title, text in (chains["texts"][number].split("\t") for block in blocks for number in block):
        assert f"  {title:13}{text}" in said or f"  {text}" in said  # `explain` adds how things are today


def test_coverage_counts_listed_tested_broken_and_missing(reported):
    frame = coverage(load_plan("mini"))
    line = frame[(frame["dataset"] == "SSv2") & (frame["split"] == "test1")].iloc[0]
    assert line[["listed", "tested", "broken", "missing"]].tolist() == [73, 72, 1, 0]
