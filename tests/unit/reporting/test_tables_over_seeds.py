"""Tables over several seeds from hand-written results: every number below is computed by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hand_made import evaluation_part

from tcclip.params.column import MeasuredColumn
from tcclip.params.protocol import Views
from tcclip.plan import Cell, Evaluation, load_plan
from tcclip.plan.cells import Average, Measured
from tcclip.reporting.cells import build, read_table
from tcclip.reporting.formats import write_formats
from tcclip.reporting.grid import grid
from tcclip.reporting.page import table_section

VIEWS = Views(temporal=2, spatial=1, mode="paper")
NAMES = load_plan("mini").displays


def results(values: dict[int, dict[str, float]]) -> dict:
    """Seed -> its accuracies by split, as the results of a run for each seed."""
    return {
        f"run-s{seed}": {f"{split}-2x1": evaluation_part(top1) for split, top1 in of_seed.items()}
        for seed, of_seed in values.items()
    }


def seeded(values: dict[int, dict[str, float]], harmonic: bool = False) -> pd.DataFrame:
    """A cell for each dataset whose splits are tested by runs of several seeds, and an average of them."""
    columns: dict[str, list[Evaluation]] = {}
    for seed, of_seed in values.items():
        for split in of_seed:
            role, _, name = split.partition("-")
            columns.setdefault(role, []).append(Evaluation(f"run-s{seed}", role, name, VIEWS, False, seed))
    cells = [Cell("t", "", "TC-CLIP", c, Measured("top1", tuple(evaluations))) for c, evaluations in columns.items()]
    average = Cell("t", "", "TC-CLIP", "all", Average(tuple(columns), harmonic))
    return build([*cells, average], results(values))


def test_over_seeds_a_cell_is_the_mean_of_what_each_alone_has_and_says_their_deviation():
    one = {"hmdb51-test1": 40.0, "hmdb51-test2": 44.0}
    other = {"hmdb51-test1": 50.0, "hmdb51-test2": 58.0}
    line = seeded({1024: one, 1025: other}).iloc[0]
    assert (line["value"], line["std"]) == ((42.0 + 54.0) / 2, (2.0 + 4.0) / 2)
    assert line["std_seeds"] == pytest.approx(math.sqrt(2 * 6.0**2 / 1), abs=1e-6)
    assert (line["n_seeds"], line["n_videos"], line["runs"]) == (2, 80, "run-s1024;run-s1025")
    alone = seeded({1024: one}).iloc[0]
    assert (alone["value"], alone["std"], alone["n_seeds"]) == (42.0, 2.0, 1)
    assert pd.isna(alone["std_seeds"])


def test_what_was_not_trained_has_no_seeds():
    evaluation = Evaluation("untrained-x", "hmdb51", "test1", VIEWS, False)
    found = {"untrained-x": {evaluation.name: evaluation_part(40.0)}}
    line = build([Cell("t", "", "CLIP", "hmdb51", Measured("top1", (evaluation,)))], found).iloc[0]
    assert line["value"] == 40.0 and pd.isna(line["n_seeds"]) and pd.isna(line["std_seeds"])


def test_an_average_over_seeds_is_formed_for_each_seed_first():
    values = {1: {"hmdb51-test1": 20.0, "ucf101-test1": 60.0}, 2: {"hmdb51-test1": 40.0, "ucf101-test1": 40.0}}
    mean, harmonic = seeded(values).iloc[-1], seeded(values, harmonic=True).iloc[-1]
    assert (mean["value"], mean["std_seeds"], mean["n_seeds"]) == (40.0, 0.0, 2)
    assert harmonic["value"] == pytest.approx((30.0 + 40.0) / 2)
    assert harmonic["std_seeds"] == pytest.approx(math.sqrt(2 * 5.0**2), abs=1e-6)


def test_every_seed_counts_alike_whatever_the_number_of_its_splits():
    assert seeded({1: {"hmdb51-test1": 40.0, "hmdb51-test2": 44.0}, 2: {"hmdb51-test1": 50.0}}).iloc[0]["value"] == 46.0


@pytest.mark.parametrize(("harmonic", "value"), [(False, 45.0), (True, 40.0)])
def test_an_average_of_columns_with_different_seeds_is_that_of_their_means(harmonic, value):
    values = {1: {"hmdb51-test1": 20.0, "ucf101-test1": 60.0}, 2: {"hmdb51-test1": 40.0}}
    line = seeded(values, harmonic).iloc[-1]
    assert line["value"] == pytest.approx(value)
    assert pd.isna(line["std_seeds"]) and pd.isna(line["n_seeds"])


def test_a_cell_without_one_of_its_seeds_is_empty():
    evaluations = tuple(Evaluation(f"run-s{seed}", "hmdb51", "test1", VIEWS, False, seed) for seed in (1, 2))
    both = Cell("t", "", "TC-CLIP", "hmdb51", Measured("top1", evaluations))
    frame = build([both], results({1: {"hmdb51-test1": 40.0}}))
    assert frame["value"].isna().all()


def test_the_deviation_over_seeds_stands_beside_that_over_splits(tmp_path):
    values = {1: {"hmdb51-test1": 40.0, "hmdb51-test2": 44.0}, 2: {"hmdb51-test1": 50.0, "hmdb51-test2": 58.0}}
    frame = seeded(values)
    columns = [MeasuredColumn(name="hmdb51", dataset="hmdb51", splits=["test1", "test2"])]
    shown = grid(frame[:1], "t", columns, NAMES)
    write_formats(frame[:1], shown, tmp_path / "t.csv")
    assert "| 48.0 ± 3.0 (8.5) |" in (tmp_path / "t.md").read_text()
    assert r"48.0{\scriptsize$\pm$3.0}{\scriptsize\,(8.5)}" in (tmp_path / "t.tex").read_text()
    assert any("sample standard deviation over 2 seeds" in note for note in shown.notes)
    alone = seeded({1: values[1]})[:1]
    assert not any("seeds" in note for note in grid(alone, "t", columns, NAMES).notes)
    assert "<small> ± 3.0 (8.5)</small>" in table_section("t", shown, {}).body


def test_a_table_of_before_there_were_seeds_can_be_read(tmp_path):
    frame = seeded({1: {"hmdb51-test1": 40.0}}).drop(columns=["std_seeds", "n_seeds"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert read_table(tmp_path / "t.csv")["n_seeds"].isna().all()
