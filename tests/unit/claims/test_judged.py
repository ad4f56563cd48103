"""All claims judged by simulated suites, and what is written of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tcclip.claims.judged import judged
from tcclip.claims.measured import MeasuredCells, add_table
from tcclip.claims.printed import printed_numbers
from tcclip.claims.rows import layouts
from tcclip.claims.writing import markdown, write_claims
from tcclip.params.claims import Claim, load_claims
from tcclip.params.statistics import load_statistics
from tcclip.plan import layout, load_plan
from tcclip.reporting.cells import build
from tcclip.reporting.claims import counted, lines_of, read_claims
from tcclip.reporting.claims_section import claims_sections
from tcclip.statistics.files import write_replicates

CLAIMS, LAYOUTS, PRINTED = load_claims(), layouts(), printed_numbers()
SETTINGS = load_statistics().model_copy(update={"draws": 400})
FALSE_AS_PRINTED = {claim.name for claim in CLAIMS if not claim.holds_as_printed}
COSTS = {"cost-gflops", "cost-parameters"}
TIMED = {"cost-throughput", "light-throughput"}  # nothing is known of their spread


def suite(noise, without=(), better=(), by=0.0):
    """A suite that has measured the printed numbers with noise; rows of `better` are so much better."""
    rng = np.random.default_rng(0)
    found = MeasuredCells()
    for key, value in PRINTED.items():
        if key[2] in without:
            continue
        of_table = LAYOUTS[key[0]]
        counted_here, timed = key[3] in of_table.counted, key[3] in of_table.timed
        number = value if counted_here or timed else value + by * (key[2] in better)
        found.values[key] = number
        spread = np.nan if timed else 0 if counted_here else noise
        found.replicates[key] = number + spread * rng.standard_normal(SETTINGS.draws)
    return found


def verdicts(measured):
    frame = judged(CLAIMS, LAYOUTS, measured, SETTINGS).claims
    return frame.set_index("claim")["verdict"].to_dict(), frame.set_index("claim")


def test_of_a_suite_that_measures_the_papers_numbers_all_claims_hold_that_hold_as_printed():
    said, frame = verdicts(suite(noise=0.005))
    complete = frame.index[frame["measured"] == frame["comparisons"]]
    assert set(frame.index) - set(complete) == {"zero-shot-best-everywhere"}  # the paper lacks one of its cells
    assert said["zero-shot-best-everywhere"] == "undecided"
    assert {name for name in complete if said[name] != "holds"} == FALSE_AS_PRINTED | TIMED
    assert {said[name] for name in FALSE_AS_PRINTED} == {"does not hold"}


def test_of_a_suite_in_which_chance_is_larger_than_every_effect_only_costs_are_decided():
    said, _ = verdicts(suite(noise=40))
    assert {name for name in said if said[name] != "undecided"} == COSTS
    assert {said[name] for name in COSTS} == {"holds"}


def test_what_is_timed_decides_nothing_and_is_shown():
    said, frame = verdicts(suite(noise=0.005))
    assert {said[name] for name in TIMED} == {"undecided"}
    (line,) = lines_of(frame.loc[["cost-throughput"]])
    assert line.value.endswith(" times") and line.interval == ""
    assert line.notes == ("Timed, so that it would be another number another time: nothing is decided by it.",)


def test_of_a_suite_in_which_the_baseline_is_the_best_its_rivals_claims_do_not_hold():
    said, frame = verdicts(suite(noise=0.1, better=("ViFi-CLIP", "Baseline"), by=30.0))
    wrong = ["zero-shot-best", "few-shot-best", "base-to-novel-best", "fully-supervised-best", "selectors-help"]
    assert {said[name] for name in wrong} == {"does not hold"}
    assert frame.loc["zero-shot-best", "over"] == "no weight ensemble / ViFi-CLIP"
    assert said["no-merge-hurts"] == said["base-to-novel-best-llm"] == "holds"


def test_what_is_not_measured_is_named_and_keeps_a_claim_from_holding():
    said, frame = verdicts(suite(noise=0.005, without=("OST", "Bipartite soft matching")))
    assert said["few-shot-best-llm"] == said["bipartite-best"] == "not measured"
    assert frame.loc["few-shot-best-llm", "not_measured"] == "table3 / LLM text / OST / all_avg"
    assert said["zero-shot-best-llm"] == "undecided"
    (line,) = lines_of(frame.loc[["zero-shot-best-llm"]])
    assert line.notes[0] == "Measured: 2 of 3 comparisons." and "OST" in line.notes[1]


def test_quoted_cells_and_accuracies_without_replicates_are_not_measured():
    columns = ["table", "group", "row", "column", "value", "n_videos", "n_seeds", "source"]
    rows = [
        ("table6", "", "TC-CLIP", "gflops", 304.0, None, None, "measured"),
        ("table6", "", "TC-CLIP", "throughput_views_per_s", 24.0, None, None, "measured"),
        ("table6", "", "TC-CLIP", "zero_shot", 71.0, 720, 3, "measured"),
        ("table6", "", "ViFi-CLIP", "zero_shot", 69.0, None, None, "quoted"),
        ("table6", "", "ViFi-CLIP", "few_shot", 52.9, 240, 1, "measured"),
    ]
    found = MeasuredCells()
    draws = {("", "TC-CLIP", "zero_shot"): np.zeros(400)}
    add_table(found, pd.DataFrame(rows, columns=columns), draws, LAYOUTS["table6"], 400)
    assert [key[3] for key in found.values] == ["gflops", "throughput_views_per_s", "zero_shot"]
    assert np.isnan(found.replicates["table6", "", "TC-CLIP", "throughput_views_per_s"]).all()
    assert set(found.replicates["table6", "", "TC-CLIP", "gflops"]) == {304.0}
    assert list(found.videos.values()) == [720] and list(found.seeds.values()) == [3]


def of_two_columns(first, second):
    """The claim that TC-CLIP is above ViFi-CLIP in two columns, in which it is by so much."""
    about = {"table": "table2", "group": "no weight ensemble", "rows": "TC-CLIP", "over": "ViFi-CLIP", "above": 0}
    parts = [{**about, "columns": ["hmdb51", "ucf101"]}]
    rng, found = np.random.default_rng(0), MeasuredCells()
    for row, videos, seeds, values in (("TC-CLIP", 70, 3, (first, second)), ("ViFi-CLIP", 80, 2, (0, 0))):
        for column, value in zip(parts[0]["columns"], values, strict=True):
            key = ("table2", about["group"], row, column)
            found.values[key], found.replicates[key] = value, value + rng.standard_normal(SETTINGS.draws)
            found.videos[key], found.seeds[key] = videos, seeds
    claim = Claim.model_validate({"name": "above", "says": "It is above.", "place": "here", "all_of": parts})
    return judged([claim], LAYOUTS, found, SETTINGS)


def test_a_comparison_tells_the_videos_of_its_row_and_the_fewest_seeds_of_both():
    found = of_two_columns(9.0, 8.0).comparisons
    assert (found["n_videos"].tolist(), found["n_seeds"].tolist()) == ([70, 70], [2, 2])


@pytest.mark.parametrize(
    ("second", "verdict", "low"),
    [(8.0, "holds", "low"), (-9.0, "does not hold", "joint_low"), (0.5, "undecided", "joint_low")],
)
def test_a_claim_shows_its_own_interval_where_it_holds_and_else_the_wider_one_that_could_refute_it(
    second, verdict, low
):
    found = of_two_columns(9.0, second)
    claim, decisive = found.claims.iloc[0], found.comparisons.iloc[1]
    assert (claim["verdict"], claim["columns"]) == (verdict, "ucf101")
    assert claim["low"] == decisive[low] and decisive["joint_low"] < decisive["low"]


@pytest.fixture
def measured_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mini suite's tables without a number but Table 8b's, which are the paper's."""
    monkeypatch.setenv("TCCLIP_PARAMS", str(Path("params").absolute()))
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    for name in plan.tables:
        frame, replicates = build(plan.cells[name], {}), {}
        for place, row in frame.iterrows() if name == "table8b" else ():
            cell = (row["group"], row["row"], row["column"])
            frame.loc[place, ["value", "n_videos", "source"]] = [PRINTED[name, *cell], 240, "measured"]
            noise = np.random.default_rng(place).standard_normal(load_statistics().draws)
            replicates[cell] = PRINTED[name, *cell] + 0.01 * noise
        layout.table("mini", name).parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(layout.table("mini", name), index=False)
        layout.intervals("mini", name).parent.mkdir(exist_ok=True)
        write_replicates(layout.intervals("mini", name), replicates)
    return tmp_path


def test_the_files_and_the_page_say_the_same(measured_suite):
    plan = load_plan("mini")
    frame = write_claims(plan)
    of_8b = [claim.name for claim in CLAIMS if {part.table for part in claim.all_of} == {"table8b"}]
    assert set(frame.loc[frame["verdict"] == "holds", "claim"]) == set(of_8b)
    said = f"Of 48 claims {len(of_8b)} hold, 0 do not, 0 are undecided and {48 - len(of_8b)} are not measured"
    assert counted(frame) == said
    text = Path("reports/mini/claims.md").read_text(encoding="utf-8")
    assert said in text and "generated videos" in text
    assert text.count("\n| ") == 48 + 2
    claims, comparisons = read_claims("mini")
    assert claims["verdict"].tolist() == frame["verdict"].tolist()
    assert len(comparisons) == frame["comparisons"].sum() and comparisons["published"].isna().all()
    (section,) = claims_sections(plan)
    assert said in section.body and section.body.count("<details>") == 48
    assert "No merge over Baseline: all of table8b, below 0" in section.body
    assert section.body.count("<svg") == len(of_8b)


def test_a_claim_about_empty_cells_and_rows_that_are_called_none_or_64_are_shown(measured_suite):
    about = {
        "all_of": [{"table": "table6", "rows": "Vita-CLIP", "over": "ViFi-CLIP", "columns": "few_shot", "above": 0}]
    }
    empty = {"name": "empty", "says": "It | is empty.", "place": "here", **about}
    found = judged([Claim.model_validate(empty)], LAYOUTS, MeasuredCells(), SETTINGS)
    assert found.claims["verdict"].tolist() == ["not measured"]
    line = found.claims.assign(comparisons=1, table="t", row="64", over="None", columns="all", unit="points", above=0.0)
    for frame, path in zip((line, line), layout.claims("mini"), strict=False):
        frame.to_csv(path, index=False)
    shown, _ = read_claims("mini")
    assert next(lines_of(shown)).of == "64 over None: all of t, above 0"
    assert r"It \| is empty." in markdown(load_plan("mini"), line)
    found.claims.to_csv(layout.claims("mini")[0], index=False)
    found.comparisons.to_csv(layout.claims("mini")[1], index=False)
    layout.claims("mini")[2].touch()
    assert "here, 0 comparisons" in claims_sections(load_plan("mini"))[0].body


def test_differences_that_are_all_zero_have_a_picture(measured_suite):
    plan = load_plan("mini")
    write_claims(plan)
    for frame, path in zip(read_claims("mini"), layout.claims("mini"), strict=False):
        frame.loc[frame["value"].notna(), ["value", "low", "high"]] = 0.0
        frame.to_csv(path, index=False)
    (section,) = claims_sections(plan)
    assert "nan" not in section.body.split("<svg", 1)[1].split("</svg>")[0]
