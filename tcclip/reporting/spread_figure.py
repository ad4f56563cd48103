"""Figure 3a's measures as curves: how even [CLS] attention is and how much misses the object, by number of frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from tcclip.reporting import style
from tcclip.reporting.figure_blocks import FigureBlock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

HEIGHT, LEFT, RIGHT, ABOVE, BELOW, BETWEEN = 2.9, 0.55, 0.1, 0.65, 0.5, 0.28  # inches; BETWEEN in parts of a panel
PANELS = {  # column of the table -> title, y axis, factor
    "entropy": ("Entropy of [CLS] attention", "nats", 1.0),
    "evenness": ("Entropy over the largest possible", "% of log(tokens seen)", 100.0),
    "outside": ("Attention outside the object", "% of what falls on patches", 100.0),
}


def spread_block(table: pd.DataFrame, names: Mapping[str, str]) -> FigureBlock:
    """A panel for each measure that is known, a curve for each run.

    Args:
        table: what `spread_by_frames` returns; without objects its share outside of them is NaN.
        names: run -> its name in the legend, in the order of the legend.
    """
    return FigureBlock(HEIGHT, lambda figure, width: _draw(figure, width, table, names))


def sentence(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The ends of all curves in words, for a caption."""
    counts = sorted(table["frames"].unique())
    said = []
    for run, name in names.items():
        ends = table[table["run"] == run].set_index("frames").loc[[counts[0], counts[-1]]]
        missed = "" if ends["outside"].isna().any() else f", outside {_range(ends['outside'])}"
        said.append(f"{name} ({run}): entropy over the largest possible {_range(ends['evenness'])}{missed}")
    area = table["area"].mean()
    even = "" if pd.isna(area) else f" An even map has {area:.0%} outside of the object."
    return (
        f"Means over {int(table['videos'].max())} videos, layers, heads and frames, with {counts[0]} and {counts[-1]} "
        f"frames: {'; '.join(said)}.{even}"
    )


def _range(ends: pd.Series) -> str:
    first, last = (f"{100 * value:.0f}" for value in ends)
    return f"{first} and {last} %"


def _draw(figure: FigureBase, width: float, table: pd.DataFrame, names: Mapping[str, str]) -> None:
    known = [column for column in PANELS if table[column].notna().all()]
    edges = {"left": LEFT / width, "right": 1 - RIGHT / width, "top": 1 - ABOVE / HEIGHT, "bottom": BELOW / HEIGHT}
    axes = figure.subplots(1, len(known), squeeze=False, gridspec_kw={**edges, "wspace": BETWEEN})[0]
    for axis, column in zip(axes, known, strict=True):
        _panel(axis, table, column, names)
    handles, labels = axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, 1), ncols=len(labels), fontsize=8)


def _panel(axis: Axes, table: pd.DataFrame, column: str, names: Mapping[str, str]) -> None:
    title, unit, factor = PANELS[column]
    for number, (run, name) in enumerate(names.items()):
        part = table[table["run"] == run].sort_values("frames")
        look = style.look(number)
        axis.plot(part["frames"], factor * part[column], look.line, marker=look.marker, color=look.color, label=name)
    if column == "outside":
        area = table.groupby("frames")["area"].mean()
        axis.plot(area.index, factor * area, linestyle="--", color=style.UNTRAINED, label="an even map, outside")
    counts = sorted(table["frames"].unique())
    axis.set_xscale("log", base=2)
    axis.set_xticks(counts, [str(count) for count in counts])
    axis.minorticks_off()
    axis.set_title(title)
    axis.set_xlabel("frames of a clip")
    axis.set_ylabel(unit)
