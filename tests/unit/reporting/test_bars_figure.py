"""Bars of a table: Figure 3b is Table 1's cells."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from tcclip.params import load_table
from tcclip.plan import load_plan
from tcclip.reporting import style
from tcclip.reporting.bars_figure import bars_block, sentence
from tcclip.reporting.cells import COLUMNS as CELLS
from tcclip.reporting.embedding import described, embedded
from tcclip.reporting.figure_blocks import stacked

ROWS = ["Baseline", "Context tokens: a", "Context tokens: b"]
COLUMNS = load_table("table1").columns


def frame(values: list[float | None], source: str = "measured") -> pd.DataFrame:
    rows = list(zip(ROWS, values, strict=True))
    lines = [("", row, column.name, value, source, 64) for row, value in rows for column in COLUMNS]
    made = pd.DataFrame(lines, columns=["group", "row", "column", "value", "source", "n_videos"])
    return made.reindex(columns=CELLS)


def panels(table: pd.DataFrame) -> list[Axes]:
    return stacked([bars_block(table, COLUMNS, {"ssv2": "SSv2"})]).axes


def test_a_bar_is_a_cell_and_all_panels_have_one_scale():
    axes = panels(frame([60.0, 50.0, 70.5]))
    for axis in axes:
        assert [bar.get_width() for bar in axis.patches] == [60.0, 50.0, 70.5]
        assert [text.get_text() for text in axis.texts] == ["60.0", "50.0", "70.5"]
        assert axis.get_xlim()[1] > 70.5
    assert [axis.get_title(loc="left") for axis in axes][-1] == "SSv2 (N = 64)"
    first, *others = axes[0].patches
    assert others[0].get_facecolor() == others[1].get_facecolor() != first.get_facecolor()


def test_a_line_over_a_bar_is_its_interval_and_the_number_stands_behind_it():
    table = frame([60.0, 50.0, 70.5])
    table["low"], table["high"] = table["value"] - 10, table["value"] + 9.5
    first, *_ = panels(table)
    assert first.lines[0].get_xdata().tolist() == [50.0, 69.5] and first.get_xlabel().endswith("95 % interval")
    assert first.texts[2].xy[0] == 80.0 < first.get_xlim()[1]


def test_quoted_bars_are_hollow_and_empty_cells_have_none():
    first, *_ = panels(frame([60.0, None, 70.5], "quoted"))
    assert len(first.patches) == 2
    assert {bar.get_facecolor() for bar in first.patches} == {(1.0, 1.0, 1.0, 1.0)}
    assert first.texts[0].get_text() == "60.0 †"


def test_rows_of_one_name_under_two_headings_have_a_bar_each():
    table = frame([60.0, 50.0, 70.5])
    both = pd.concat([table.assign(group="plain"), table.assign(group="ensemble")], ignore_index=True)
    first, *_ = panels(both)
    assert len({bar.get_y() for bar in first.patches}) == 6
    assert next(label.get_text() for label in first.get_yticklabels()) == "Baseline (plain)"


def test_a_table_without_shots_says_none_of_them():
    table = frame([60.0, None, 70.5]).assign(runs="zero_shot-k400-tc_clip-s1024")
    said = sentence(load_plan("mini"), "table2", table)
    assert "seed 1024; N is" in said and "K =" not in said


def test_a_figure_carries_its_caption_and_is_small_in_the_page(tmp_path):
    figure = stacked([bars_block(frame([60.0, 50.0, 70.5]), COLUMNS, {})])
    path = style.save(figure, tmp_path / "figure3.png", "Runs and N.")
    assert described(path) == "Runs and N."
    assert len(embedded(path).uri) < path.stat().st_size
    assert style.save(figure, tmp_path / "figure3.pdf", "Runs and N.").read_bytes().startswith(b"%PDF")
