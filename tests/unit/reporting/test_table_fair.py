"""The fair comparison, which no paper has: its headings, and costs that can be told apart."""

from __future__ import annotations

import pandas as pd
import pytest

from tcclip.params import load_table
from tcclip.params.column import CostColumn
from tcclip.plan import load_plan
from tcclip.reporting.grid import about_costs, decimals_of
from tcclip.reporting.headings import headings

FAIR = load_table("fair")


def test_headings_tell_zero_shot_from_16_shots() -> None:
    found = [(head.top, head.sub) for head in headings(FAIR.columns, load_plan("mini").displays)]
    assert found[:4] == [(name, "zero-shot") for name in ("HMDB-51", "UCF-101", "K-600", "Average")]
    assert found[4:8] == [(name, "K=16") for name in ("HMDB-51", "UCF-101", "SSv2", "Average")]
    assert found[8:] == [("Trained (M)", ""), ("GMACs", ""), ("Views/s", "")]


def test_what_costs_are_is_said_by_the_headings_that_they_have() -> None:
    trained, macs, views = about_costs(FAIR.columns)
    assert "token table" in trained and macs.startswith("GMACs are multiply-accumulates") and "Views" in views
    assert any(note.startswith("GFLOPs are multiply-accumulates") for note in about_costs(load_table("table6").columns))


@pytest.mark.parametrize(
    ("values", "decimals"), [((0.0, 0.0606, 2.79), 4), ((6.35, 124.3), 2), ((281.0, 306.9), 1), ((0.0,), 1)]
)
def test_a_cost_has_as_many_decimals_as_show_three_digits_of_the_smallest(values: list[float], decimals: int) -> None:
    (column,) = [c for c in FAIR.columns if isinstance(c, CostColumn) and c.cost == "trained_m"]
    frame = pd.DataFrame({"column": column.name, "value": values})
    assert decimals_of(column, frame) == decimals
    assert decimals_of(FAIR.columns[0], frame) == 1  # accuracies have one, as the paper prints
