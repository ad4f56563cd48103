"""What charts look like: methods that are told apart, marks in their rows, words that neither overlap nor are cut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from tcclip.plan import load_plan
from tcclip.reporting import style
from tcclip.reporting.confusion_figure import confusion_matrices
from tcclip.reporting.figures import class_accuracies, training_curves
from tcclip.reporting.suite_figures import method_looks, row_looks

METHODS = ["ActionCLIP", "A5", "X-CLIP", "Vita-CLIP", "ViFi-CLIP", "TC-CLIP", "Open-VCLIP", "MAXI", "OST", "FROSTER"]
METHODS += ["TC-CLIP (LLM names)", "ActionCLIP (own recipe)"]
LONG = ["Moving something and something away from each other", "Showing something and something staying apart"]
LONG += ["Moving something and something closer to each other", *(f"Moving something {way}" for way in "abcde")]


def drawn(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def words(figure: Figure) -> dict[Text, Bbox]:
    """The places of all texts that are seen."""
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    hidden = {label for axis in figure.axes for at in (axis.xaxis, axis.yaxis) for label in _beyond(at)}
    return {text: text.get_window_extent() for text in texts if text not in hidden}


def _beyond(axis) -> list[Text]:
    """Labels of ticks beyond an axis, which are not drawn."""
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    low, high = sorted(axis.get_view_interval())
    return [text for tick in ticks for text in (tick.label1, tick.label2) if not low <= tick.get_loc() <= high]


def overlapping(places: dict[Text, Bbox]) -> list[tuple[str, str]]:
    """Pairs of texts that have a place together; the boxes of lines that touch may share two pixels."""
    pairs = combinations(places.items(), 2)
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in pairs
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
    ]


def cut(figure: Figure) -> list[str]:
    edge = figure.bbox
    return [
        text.get_text()
        for text, box in words(figure).items()
        if box.x0 < edge.x0 or box.y0 < edge.y0 or box.x1 > edge.x1 or box.y1 > edge.y1
    ]


def counts(methods: int, classes: int) -> dict[str, np.ndarray]:
    return {name: np.eye(classes, dtype=int) * 4 + 1 for name in METHODS[:methods]}


def test_methods_are_told_apart_by_colour_or_marker_and_those_of_one_colour_by_their_lines_too():
    looks = style.looks(map(str, range(24))).values()
    assert len({(look.color, look.marker) for look in looks}) == 24
    assert len({(look.color, look.line) for look in looks}) == 24
    assert "--" not in {look.line for look in looks}  # which is what quoted values are drawn with


def test_untrained_methods_are_grey_and_told_apart_by_their_markers():
    looks = style.looks(["a", "b", "c"], untrained=["a", "b"])
    assert looks["a"].color == looks["b"].color == style.UNTRAINED != looks["c"].color
    assert looks["a"].marker != looks["b"].marker


def test_a_method_has_one_look_in_all_charts_and_each_row_of_a_table_its_own():
    plan = load_plan("mini")
    looks = method_looks(plan)
    rows = row_looks(plan, "table3", looks)
    assert rows["original names", "TC-CLIP"] == looks["TC-CLIP"]
    assert rows["LLM text", "TC-CLIP"] == looks["TC-CLIP (LLM names)"]
    with_ensembles = row_looks(plan, "table2", looks)
    assert len(set(with_ensembles.values())) == len(with_ensembles) == len(plan.tables["table2"].rows)


def test_a_legend_of_many_methods_is_within_its_figure_and_leaves_the_panel_its_room():
    history = pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0]})
    figure = drawn(
        training_curves({("K-400", name): history for name in METHODS}, "loss", "loss", style.looks(METHODS))
    )
    assert cut(figure) == []
    (axis,), (legend,) = figure.axes, figure.legends
    assert len(legend.get_texts()) == len(METHODS)
    assert axis.get_window_extent().height > 1.3 * figure.dpi


@pytest.mark.parametrize("methods", [1, 2, 5, 8, 12])
def test_the_marks_of_a_class_stand_in_its_row_and_none_is_cut(methods):
    figure = drawn(class_accuracies(counts(methods, 6), list("abcdef"), "By class", style.looks(METHODS)))
    (axis,) = figure.axes
    bottom, top = axis.get_ylim()
    radius = (20**0.5 / 2) / (72 * axis.get_window_extent().height / figure.dpi) * (top - bottom)
    marks = [part.get_offsets()[:, 1] for part in axis.collections if part.get_label() in METHODS]
    assert len(marks) == methods
    for places in marks:
        assert np.all(np.abs(places - np.arange(6)) + radius < 0.5)
        assert places.min() - radius > bottom and places.max() + radius < top
    assert cut(figure) == []


@pytest.mark.parametrize("methods", [1, 2, 6, 8])
@pytest.mark.parametrize(
    "names", [LONG, [f"purple ring slide on sand {i}" for i in range(24)], list(map(str, range(60)))]
)
def test_the_words_of_confusion_matrices_neither_overlap_nor_are_cut(methods, names):
    figure = drawn(confusion_matrices(counts(methods, len(names)), names, "Confusion, SSv2 test1, K = 16"))
    assert cut(figure) == []
    assert overlapping(words(figure)) == []


def test_two_matrices_fill_their_picture():
    first, second, _ = confusion_matrices(counts(2, 8), LONG, "Confusion").axes
    assert first.get_position().width + second.get_position().width > 0.6


def test_the_lowest_matrix_of_each_column_names_its_classes():
    named = [
        any(label.get_text() for label in axis.get_xticklabels())
        for axis in confusion_matrices(counts(8, 8), LONG, "Confusion").axes
    ]
    assert named[:8] == [False] * 5 + [True] * 3
