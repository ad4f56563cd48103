"""Figures: accuracy against shots or a setting, training curves, accuracy by class.

Every function takes plain values and returns a matplotlib Figure; style.save writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tcclip.params.column import Column, MeasuredColumn
from tcclip.reporting import style
from tcclip.reporting.headings import METRICS
from tcclip.reporting.per_class import accuracy_by_class
from tcclip.reporting.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENTRY, LETTER, LINE = 0.6, 0.075, 0.2  # inches: of a legend's entry without its words, of a letter, of a line
ROW, DOT = 0.24, 0.05  # inches: of a class at least, and of it for each method
LEAST_SPAN = 5.0  # percentage points; less would enlarge noise to a trend
CHANCE = 0.16  # inches, for the word above the first class
MOST_CLASSES = 40  # with names on the axes; more than that are drawn as the hardest and easiest halves


@style.styled
def accuracy_vs_shots(
    frame: pd.DataFrame, columns: Sequence[Column], looks: Mapping[tuple[str, str], Look], names: Mapping[str, str]
) -> Figure:
    """One panel per dataset: top-1 against training videos per class; quoted values dashed and hollow.

    Args:
        looks: of the table's rows, by group and row.
        names: of the datasets, by role.
    """
    shot_columns = shot_by_shot(columns)
    roles = list(dict.fromkeys(column.dataset for column in shot_columns))
    groups = list(dict.fromkeys(frame["group"]))
    figure, axes = style.panels(len(roles), 3, height=2.8, share_y=False)
    for axis, role in zip(axes, roles, strict=True):
        shots = {column.name: column.trainings[0] or 0 for column in shot_columns if column.dataset == role}
        part = frame[frame["column"].isin(list(shots)) & frame["value"].notna()]
        for (group, row, source), line in part.groupby(["group", "row", "source"], sort=False):
            quoted, label = source == "quoted", _row_label(row, group if group != groups[0] else "", source == "quoted")
            places = [shots[name] for name in line["column"]]
            _curve(axis, places, line["value"], looks[group, row], quoted, label=label, alpha=0.6 if quoted else 1)
        axis.set_xscale("log", base=2)
        axis.set_xticks(list(shots.values()), [str(k) for k in shots.values()])
        axis.minorticks_off()
        axis.set_ylim(0, 1.08 * max(float(part["value"].max()), 1.0) if len(part) else 100)
        axis.set_title(titled(names.get(role, role), part))
        axis.set_xlabel("training videos per class, K")
    axes[0].set_ylabel("top-1 accuracy (%)")
    _legend(figure, axes)
    return figure


def shot_by_shot(columns: Sequence[Column]) -> list[MeasuredColumn]:
    """The columns at one K each, where a table has more than one K."""
    measured = [column for column in columns if isinstance(column, MeasuredColumn)]
    single = [column for column in measured if isinstance(column.shots, int)]
    return single if len({column.shots for column in single}) > 1 else []


@style.styled
def accuracy_over_setting(
    frame: pd.DataFrame, columns: Sequence[Column], label: str, names: Mapping[str, str]
) -> Figure:
    """One panel per column: its values over the rows, which are numbers; quoted values dashed and hollow.

    All panels span the same number of points, so that a change looks as large as it is.

    Args:
        label: what the rows are, with their unit.
        names: of the datasets, by role.
    """
    figure, axes = style.panels(len(columns), 4, height=2.6, share_y=False)
    places = sorted({float(row) for row in frame["row"]})
    values = frame.dropna(subset=["value"]).groupby("column")["value"]
    middle = ((values.min() + values.max()) / 2).astype(float)
    half = max(LEAST_SPAN, 1.2 * float((values.max() - values.min()).max())) / 2
    for axis, column in zip(axes, columns, strict=True):
        part = frame[(frame["column"] == column.name) & frame["value"].notna()]
        for source, line in part.groupby("source", sort=False):
            quoted = source == "quoted"
            look = Look(style.INK if quoted else style.PALETTE[0], "o", "-")
            label_of = "quoted from the paper †" if quoted else "measured"
            _curve(axis, line["row"].astype(float), line["value"], look, quoted, label=label_of)
        axis.set_xticks(places, [f"{place:g}" for place in places])
        if column.name in middle:
            axis.set_ylim(middle[column.name] - half, middle[column.name] + half)
        title = names.get(column.dataset, column.dataset) if isinstance(column, MeasuredColumn) else "average"
        axis.set_title(titled(title, part))
    metric = next((column.metric for column in columns if isinstance(column, MeasuredColumn)), "top1")
    axes[0].set_ylabel(f"{METRICS[metric].lower()} accuracy (%)")
    figure.supxlabel(label, fontsize=9)
    if {"quoted", "measured"} <= set(frame["source"]):
        _legend(figure, axes)
    return figure


@style.styled
def training_curves(
    histories: Mapping[tuple[str, str], pd.DataFrame], value: str, label: str, looks: Mapping[str, Look]
) -> Figure:
    """Curves over epochs, one panel per training set, one line per method.

    Args:
        histories: (training set, method) -> history.csv.
        value: the column of history.csv to draw against `epoch`; epochs without a value are skipped.
        label: what it is, with its unit.
    """
    sets = list(dict.fromkeys(name for name, _ in histories))
    figure, axes = style.panels(len(sets), 4, height=2.0 if len(sets) > 4 else 2.2)
    for axis, name in zip(axes, sets, strict=True):
        for (owner, method), history in histories.items():
            if owner == name:
                known, look = history.dropna(subset=[value]), looks[method]
                axis.plot(
                    known["epoch"] + 1, known[value], look.line, color=look.color, label=method, marker=look.marker
                )
        axis.set_title(name)
        axis.xaxis.get_major_locator().set_params(integer=True)
    columns = min(4, len(sets))
    for i, axis in enumerate(axes):
        if i % columns == 0:
            axis.set_ylabel(label)
        if i >= len(axes) - columns:
            axis.set_xlabel("epochs done")
            axis.tick_params(labelbottom=True)
    _legend(figure, axes)
    return figure


@style.styled
def class_accuracies(
    confusions: Mapping[str, np.ndarray], names: Sequence[str], title: str, looks: Mapping[str, Look]
) -> Figure:
    """Top-1 by class with test videos, a mark per method, sorted by the methods' mean; the dotted line is chance."""
    accuracies = {method: accuracy_by_class(counts) for method, counts in confusions.items()}
    mean = np.mean(list(accuracies.values()), axis=0)
    order = np.argsort(mean, kind="stable")[: np.count_nonzero(~np.isnan(mean))]  # what is not a number is last
    title += f", {len(mean) - len(order)} without test videos left out" if len(order) < len(mean) else ""
    if len(order) > MOST_CLASSES:
        order = np.concatenate([order[: MOST_CLASSES // 2], order[-MOST_CLASSES // 2 :]])
        title += f", {MOST_CLASSES // 2} hardest and easiest classes of {len(mean)}"
    side = max(ROW, DOT * len(accuracies))
    figure, (axis,) = style.panels(1, 1, height=0.9 + side * len(order))
    rows = np.arange(len(order))
    values = np.array([accuracy[order] for accuracy in accuracies.values()])
    for row in rows[::2]:
        axis.axhspan(row - 0.5, row + 0.5, color=style.FAINT, alpha=0.35, linewidth=0, zorder=0)
    axis.hlines(rows, values.min(axis=0), values.max(axis=0), color=style.FAINT, linewidth=2, zorder=1)
    apart = min(0.2, 0.8 / len(accuracies))  # of a row: all marks of a class stand in its own
    for i, (method, accuracy) in enumerate(accuracies.items()):
        places, look = rows + apart * (i - (len(accuracies) - 1) / 2), looks[method]
        axis.scatter(accuracy[order], places, 20, look.color, look.marker, label=method, linewidth=0, zorder=2)
    axis.axvline(100 / len(names), color=style.INK, linestyle=":", linewidth=1, zorder=0)
    axis.annotate("chance", (100 / len(names), len(order) - 0.5), xytext=(3, 2), textcoords="offset points", fontsize=8)
    videos = next(iter(confusions.values())).sum(axis=1)
    axis.set_yticks(rows, [f"{names[label]}  ({videos[label]})" for label in order])
    axis.set_ylim(-0.5, len(order) - 0.5 + CHANCE / side)
    axis.set_xlim(-2, 102)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("top-1 accuracy (%); in brackets the number of test videos")
    axis.set_title(title)
    _legend(figure, [axis])
    return figure


def _row_label(row: str, group: str, quoted: bool) -> str:
    return row + (f" ({group})" if group else "") + (" †" if quoted else "")


def titled(name: str, cells: pd.DataFrame) -> str:
    """The title of a panel with these cells of a table: with the number of test videos, where it is known."""
    videos = cells["n_videos"].dropna()
    return f"{name} (N = {int(videos.max()):,})" if len(videos) else name


def _curve(
    axis: Axes, places: Sequence[float] | pd.Series, values: pd.Series, look: Look, quoted: bool, **said: Any
) -> None:
    """Accuracies at places; quoted ones dashed and hollow."""
    axis.plot(
        places,
        values.astype(float),
        marker=look.marker,
        linestyle="--" if quoted else look.line,
        markerfacecolor="white" if quoted else None,
        color=look.color,
        **said,
    )


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend under all panels, with as many columns as the figure is wide for and room of its own."""
    entries = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if entries:
        columns = _columns(list(entries), figure.get_figwidth())
        figure.set_figheight(figure.get_figheight() + LINE * -(-len(entries) // columns))
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=columns)


def _columns(labels: Sequence[str], width: float) -> int:
    """At most four columns of a legend, each as wide as its longest label, in `width` inches."""
    for count in range(min(4, len(labels)), 1, -1):
        parts = np.array_split(np.array(labels, dtype=object), count)
        if sum(ENTRY + LETTER * max(map(len, part)) for part in parts) <= width:
            return count
    return 1
