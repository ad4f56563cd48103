"""Suite `paper` with simulated predictions: as accurate as printed, two points better, and with a data set broken."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tcclip.params.reader import params_folder
from tcclip.plan import Evaluation, Plan, layout, load_plan
from tcclip.plan.cells import Measured
from tcclip.reporting import verdicts as shown
from tcclip.reporting.cells import build
from tcclip.reporting.published_numbers import PublishedNumber, read_published
from tcclip.reporting.tables import write_table
from tcclip.verdicts.suite import judged, write_verdicts

TABLES = {"table2": ("ViFi-CLIP", "TC-CLIP"), "table4": ("ViFi-CLIP", "TC-CLIP"), "table9a": ()}  # rows; (): all
FEW = ("table2", "table9a")
VIDEOS = 4000


def printed_accuracies(plan: Plan, tables: Collection[str]) -> dict[Evaluation, dict[str, float]]:
    """Evaluation -> metric -> the number that is printed for the cell it is in."""
    found: dict[Evaluation, dict[str, float]] = {}
    for table in tables:
        rows = TABLES[table]
        printed = read_published(table)
        for cell in plan.cells[table]:
            if isinstance(cell.content, Measured) and (not rows or cell.row in rows) and printed[cell.key].value:
                for evaluation in cell.content.evaluations:
                    found.setdefault(evaluation, {})[cell.content.metric] = printed[cell.key].value
    return found


def video_name(role: str, number: int) -> str:
    """One of a data set of the paper, each of a recording of its own."""
    return {"ucf101": f"v_A_g{number}_c01", "hmdb51": f"Film{number}_wave_u_cm_np1_fr_med_0"}.get(role, str(number))


def simulate(
    shift: float = 0.0, missing: Callable[[Evaluation], int] = lambda e: 0, tables: Collection[str] = tuple(TABLES)
) -> pd.DataFrame:
    """Write runs whose videos are right as often as printed, and their tables; gives the verdicts."""
    plan = load_plan("paper")
    parts: dict[str, dict[str, dict]] = {}
    for evaluation, accuracies in printed_accuracies(plan, tables).items():
        seed = int(hashlib.sha256(f"{evaluation.run} {evaluation.role} {evaluation.we}".encode()).hexdigest()[:8], 16)
        chance, count = np.random.default_rng(seed).random((2, VIDEOS)), VIDEOS - missing(evaluation)
        right = {key: 100 * chance[i] < accuracies.get(key, 50) + shift for i, key in enumerate(("top1", "top5"))}
        frame = pd.DataFrame(
            {
                "video": [video_name(evaluation.role, i) for i in range(VIDEOS)],
                "correct1": right["top1"],
                "correct5": right["top5"],
            }
        )
        path = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.head(count).to_parquet(path)
        numbers = {key: 100 * float(of[:count].mean()) for key, of in right.items()}
        part = {**numbers, "n_videos": count, "listed": VIDEOS, "broken": 0, "missing": VIDEOS - count}
        parts.setdefault(evaluation.run, {})[evaluation.name] = part
    for run, evaluations in parts.items():
        layout.metrics(plan.suite.name, run).write_text(json.dumps({"evaluations": evaluations}))
    for table in tables:
        write_table(plan, table)
    return judged(plan)


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """params/ with fewer draws, so that these tests take seconds."""
    params = Path(shutil.copytree(params_folder(), tmp_path_factory.mktemp("few") / "params"))
    statistics = params / "statistics.yaml"
    statistics.write_text(statistics.read_text().replace("draws: 2000", "draws: 400"))
    return params


@pytest.fixture(scope="module")
def all_true(tmp_path_factory: pytest.TempPathFactory, params: Path) -> tuple[Path, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("true")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TCCLIP_PARAMS", str(params))
        patch.chdir(folder)
        return folder, simulate()


@pytest.fixture
def elsewhere(tmp_path: Path, params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCCLIP_PARAMS", str(params))
    monkeypatch.chdir(tmp_path)


def test_of_a_suite_that_is_as_printed_nearly_all_is_reproduced(all_true):
    _, found = all_true
    out = found["verdict"] == "not comparable"
    assert {reason.partition(":")[0] for reason in found.loc[out, "reason"]} == {"another recipe"}
    assert (~out).sum() > 50
    assert (found.loc[~out, "verdict"] == "reproduced").mean() >= 0.93


def test_two_points_more_are_seen(elsewhere):
    found = simulate(shift=2, tables=FEW)
    assert not (found["verdict"] == "lower").any()
    fine = found[(found["high"] - found["low"]) / 2 + found["published_std"].fillna(0).astype(float) < 1.3]
    assert len(fine) > 20
    assert (fine["verdict"] == "higher").mean() > 0.8


def test_a_broken_data_set_takes_its_cells_out_and_no_others(all_true, elsewhere):
    _, true = all_true
    found = simulate(missing=lambda evaluation: 400 * (evaluation.role == "ucf101"), tables=FEW)
    out = found[found["verdict"] == "not comparable"]
    assert {name.split("_")[0] for name in out["column"]} == {"ucf101", "all"}
    assert set(out["reason"]) >= {"coverage below 98 %: ucf101 test1, 3,600 of 4,000 videos"}
    assert all(reason.startswith("coverage below 98 %: ucf101 ") for reason in out["reason"])
    rest = found[found["verdict"] != "not comparable"].reset_index(drop=True)
    same = true[true["table"].isin(FEW) & ~true["column"].str.contains("ucf101|all")].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, same)


def test_the_files_say_it_in_a_line_for_the_suite_and_one_for_each_table(all_true, params, monkeypatch):
    folder, found = all_true
    monkeypatch.setenv("TCCLIP_PARAMS", str(params))
    monkeypatch.chdir(folder)
    plan = load_plan("paper")
    said = write_verdicts(plan)
    right, count = (found["verdict"] == "reproduced").sum(), (found["verdict"] != "not comparable").sum()
    assert said.startswith(f"{right} of {count} comparable cells reproduced")
    markdown = (folder / "reports/paper/verdicts.md").read_text()
    assert f"* table9a: {shown.counted(found[found['table'] == 'table9a'])}" in markdown
    again = shown.read_verdicts(plan)
    assert list(again["verdict"]) == list(found["verdict"])
    (section,) = shown.sections(plan)
    assert shown.counted(found) in section.body
    line = found[found["verdict"] == "reproduced"].iloc[0]
    key = (line["table"], line["group"], line["row"], line["column"])
    assert shown.of_cells(again)[key].startswith(f"reproduced (paper {line['published']:.1f}")


def test_nothing_of_generated_data_is_comparable_in_one_sentence(elsewhere):
    plan = load_plan("mini")
    assert write_verdicts(plan).startswith("Nothing of this suite is comparable with the paper's numbers")
    assert len(Path("reports/mini/verdicts.md").read_text().splitlines()) == 3
    (section,) = shown.sections(plan)
    assert section.body.count("<p>") == 1


def test_costs_are_counted_apart_and_frames_clips_and_crops_not_at_all(elsewhere):
    plan = load_plan("paper")
    for name in ("table5", "table6"):
        frame = build(plan.cells[name], {})
        for place, row in frame.iterrows():
            printed = read_published(name).get((row["group"], row["row"], row["column"]))
            if printed and printed.value is not None:
                frame.loc[place, ["value", "low", "high", "source"]] = [printed.value] * 3 + ["measured"]
        layout.table(plan.suite.name, name).parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(layout.table(plan.suite.name, name), index=False)
    found = judged(plan)
    assert set(found.loc[found["table"] == "table5", "column"]) == {"k400_top1", "k400_top5"}
    assert set(found.loc[found["kind"] == "cost", "column"]) == {"params_m", "gflops", "throughput_views_per_s"}
    costs = found[(found["kind"] == "cost") & (found["column"] != "throughput_views_per_s")]
    assert shown.counted(costs) == f"0 of 0 comparable cells reproduced; costs: {len(costs)} of {len(costs)} reproduced"
    (line,) = shown.by_table(costs).to_dict("records")
    assert (line["reproduced"], line["costs reproduced"]) == (0, f"{len(costs)} of {len(costs)}")


def judged_alone(table: str, **columns: Callable[[PublishedNumber], float]) -> pd.DataFrame:
    """The verdicts of a table of the paper whose cells have these values for their printed numbers."""
    plan = load_plan("paper")
    frame, printed = build(plan.cells[table], {}), read_published(table)
    for place, row in frame.iterrows():
        if (number := printed.get((row["group"], row["row"], row["column"]))) and number.value is not None:
            frame.loc[place, [*columns, "source"]] = [*(of(number) for of in columns.values()), "measured"]
    layout.table(plan.suite.name, table).parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(layout.table(plan.suite.name, table), index=False)
    return judged(plan)


def test_a_measured_cell_without_an_interval_is_not_judged(elsewhere):
    found = judged_alone("table5", value=lambda printed: printed.value)
    assert len(found) > 10 and set(found["verdict"]) == {"not comparable"}
    assert set(found["reason"]) == {"no interval: its predictions are not there"}


def test_the_printed_deviation_widens_what_is_reproduced(elsewhere):
    def near(printed: PublishedNumber) -> float:
        return printed.value - 0.5 - (printed.std or 0)

    found = judged_alone("table2", value=near, low=near, high=near)
    spread = found["published_std"].notna() & (found["published_std"] > 0)
    spread &= (alike := found["verdict"] != "not comparable")
    assert spread.sum() > 10 and set(found.loc[spread, "verdict"]) == {"lower"}
    found = judged_alone("table2", value=near, low=near, high=lambda printed: near(printed) + 0.49)
    assert set(found.loc[spread, "verdict"]) == {"reproduced"} and set(found.loc[alike, "verdict"]) == {"reproduced"}
