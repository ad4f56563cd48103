"""Figure 3b: the bars are Table 1's cells."""

from __future__ import annotations

import pandas as pd

from tcclip.params import load_table
from tcclip.reporting import style
from tcclip.reporting.embedding import described, embedded
from tcclip.reporting.reference_bars import reference_bars

ROWS = ["Baseline", "Context tokens: a", "Context tokens: b"]


def frame(values: list[float | None], source: str = "measured") -> pd.DataFrame:
    columns = [column.name for column in load_table("table1").columns]
    lines = [(row, column, value, source, 64) for row, value in zip(ROWS, values, strict=True) for column in columns]
    return pd.DataFrame(lines, columns=["row", "column", "value", "source", "n_videos"])


def test_a_bar_is_a_cell_and_all_panels_have_one_scale():
    figure = reference_bars(frame([60.0, 50.0, 70.5]), load_table("table1").columns, {"ssv2": "SSv2"})
    for axis in figure.axes:
        assert [bar.get_width() for bar in axis.patches] == [60.0, 50.0, 70.5]
        assert [text.get_text() for text in axis.texts] == ["60.0", "50.0", "70.5"]
        assert axis.get_xlim()[1] > 70.5
    assert [axis.get_title(loc="left") for axis in figure.axes][-1] == "SSv2 (N = 64)"
    first, *others = figure.axes[0].patches
    assert others[0].get_facecolor() == others[1].get_facecolor() != first.get_facecolor()


def test_quoted_bars_are_hollow_and_empty_cells_have_none():
    figure = reference_bars(frame([60.0, None, 70.5], "quoted"), load_table("table1").columns, {})
    assert len(figure.axes[0].patches) == 2
    assert {bar.get_facecolor() for bar in figure.axes[0].patches} == {(1.0, 1.0, 1.0, 1.0)}
    assert figure.axes[0].texts[0].get_text() == "60.0 †"


def test_a_figure_carries_its_caption_and_is_small_in_the_page(tmp_path):
    figure = reference_bars(frame([60.0, 50.0, 70.5]), load_table("table1").columns, {})
    path = style.save(figure, tmp_path / "figure3b.png", "Runs and N.")
    assert described(path) == "Runs and N."
    assert len(embedded(path).uri) < path.stat().st_size
    assert style.save(figure, tmp_path / "figure3b.pdf", "Runs and N.").read_bytes().startswith(b"%PDF")
