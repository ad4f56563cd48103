"""Figures: accuracy against shots or a setting, training curves, accuracy by class, confusion matrices.

Every function takes plain values and returns a matplotlib Figure; style.save writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcclip.params.column import Column, MeasuredColumn
from tcclip.reporting import style
from tcclip.reporting.headings import METRICS
from tcclip.reporting.per_class import accuracy_by_class, neighbours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "os^D"  # one per group of a table
LEAST_SPAN = 5.0  # percentage points; less would enlarge noise to a trend
MOST_CLASSES = 40  # with names on the axes; more than that are drawn as the hardest and easiest halves


@style.styled
def accuracy_vs_shots(
    frame: pd.DataFrame, columns: Sequence[Column], colors: Mapping[str, str], names: Mapping[str, str]
) -> Figure:
    """One panel per dataset: top-1 against training videos per class; quoted values dashed and hollow.

    Args:
        names: of the datasets, by role.
    """
    shot_columns = shot_by_shot(columns)
    roles = list(dict.fromkeys(column.dataset for column in shot_columns))
    groups = list(dict.fromkeys(frame["group"]))
    figure, axes = style.panels(len(roles), 3, height=3.2, share_y=False)
    for axis, role in zip(axes, roles, strict=True):
        shots = {column.name: column.trainings[0] or 0 for column in shot_columns if column.dataset == role}
        part = frame[frame["column"].isin(list(shots)) & frame["value"].notna()]
        for (group, row, source), line in part.groupby(["group", "row", "source"], sort=False):
            quoted = source == "quoted"
            axis.plot(
                [shots[name] for name in line["column"]],
                line["value"].astype(float),
                marker=MARKERS[groups.index(group) % len(MARKERS)],
                linestyle="--" if quoted else "-",
                markerfacecolor="white" if quoted else None,
                color=colors.get(row, style.INK),
                alpha=0.6 if quoted else 1,
                label=_row_label(row, group if group != groups[0] else "", quoted),
            )
        counts = part["n_videos"].dropna()
        axis.set_xscale("log", base=2)
        axis.set_xticks(list(shots.values()), [str(k) for k in shots.values()])
        axis.minorticks_off()
        axis.set_ylim(0, 1.08 * max(float(part["value"].max()), 1.0) if len(part) else 100)
        axis.set_title(_titled(names.get(role, role), int(counts.max()) if len(counts) else None))
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
            axis.plot(
                line["row"].astype(float),
                line["value"].astype(float),
                marker="o",
                linestyle="--" if quoted else "-",
                markerfacecolor="white" if quoted else None,
                color=style.INK if quoted else style.PALETTE[0],
                label="quoted from the paper †" if quoted else "measured",
            )
        counts = part["n_videos"].dropna()
        axis.set_xticks(places, [f"{place:g}" for place in places])
        if column.name in middle:
            axis.set_ylim(middle[column.name] - half, middle[column.name] + half)
        title = names.get(column.dataset, column.dataset) if isinstance(column, MeasuredColumn) else "average"
        axis.set_title(_titled(title, int(counts.max()) if len(counts) else None))
    metric = next((column.metric for column in columns if isinstance(column, MeasuredColumn)), "top1")
    axes[0].set_ylabel(f"{METRICS[metric].lower()} accuracy (%)")
    figure.supxlabel(label, fontsize=9)
    if {"quoted", "measured"} <= set(frame["source"]):
        _legend(figure, axes)
    return figure


@style.styled
def training_curves(
    histories: Mapping[tuple[str, str], pd.DataFrame], value: str, label: str, colors: Mapping[str, str]
) -> Figure:
    """Curves over epochs, one panel per training set, one line per method.

    Args:
        histories: (training set, method) -> history.csv.
        value: the column of history.csv to draw against `epoch`; epochs without a value are skipped.
        label: what it is, with its unit.
    """
    sets = list(dict.fromkeys(name for name, _ in histories))
    figure, axes = style.panels(len(sets), 4, height=2.0 if len(sets) > 4 else 2.6)
    for axis, name in zip(axes, sets, strict=True):
        for (owner, method), history in histories.items():
            if owner == name:
                known = history.dropna(subset=[value])
                axis.plot(known["epoch"] + 1, known[value], color=colors[method], label=method, marker=".")
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
    confusions: Mapping[str, np.ndarray], names: Sequence[str], title: str, colors: Mapping[str, str]
) -> Figure:
    """Top-1 by class with test videos, a dot per method, sorted by the methods' mean; the dotted line is chance."""
    accuracies = {method: accuracy_by_class(counts) for method, counts in confusions.items()}
    mean = np.mean(list(accuracies.values()), axis=0)
    order = np.argsort(mean, kind="stable")[: np.count_nonzero(~np.isnan(mean))]  # what is not a number is last
    title += f", {len(mean) - len(order)} without test videos left out" if len(order) < len(mean) else ""
    if len(order) > MOST_CLASSES:
        order = np.concatenate([order[: MOST_CLASSES // 2], order[-MOST_CLASSES // 2 :]])
        title += f", {MOST_CLASSES // 2} hardest and easiest classes of {len(mean)}"
    figure, (axis,) = style.panels(1, 1, height=1.3 + 0.24 * len(order))
    rows = np.arange(len(order))
    values = np.array([accuracy[order] for accuracy in accuracies.values()])
    axis.hlines(rows, values.min(axis=0), values.max(axis=0), color=style.FAINT, linewidth=2, zorder=1)
    for i, (method, accuracy) in enumerate(accuracies.items()):
        offset = 0.2 * (i - (len(accuracies) - 1) / 2)
        axis.scatter(accuracy[order], rows + offset, color=colors[method], label=method, s=26, zorder=2)
    axis.axvline(100 / len(names), color=style.INK, linestyle=":", linewidth=1, zorder=0)
    axis.annotate("chance", (100 / len(names), len(order) - 0.4), xytext=(3, 0), textcoords="offset points", fontsize=8)
    videos = next(iter(confusions.values())).sum(axis=1)
    axis.set_yticks(rows, [f"{names[label]}  ({videos[label]})" for label in order])
    axis.set_ylim(-0.6, len(order) - 0.1)
    axis.set_xlim(-2, 102)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("top-1 accuracy (%); in brackets the number of test videos")
    axis.set_title(title)
    _legend(figure, [axis])
    return figure


@style.styled
def confusion_matrices(confusions: Mapping[str, np.ndarray], names: Sequence[str], title: str) -> Figure:
    """Row-normalised confusion, one panel per method; classes taken for each other stand side by side."""
    order = neighbours(np.sum(list(confusions.values()), axis=0))
    named = len(names) <= MOST_CLASSES
    columns = min(3, len(confusions))
    side = style.WIDTH / columns
    figure, axes = style.panels(len(confusions), columns, height=side + (0.4 if named else 0.1), layout="compressed")
    for axis, (method, counts) in zip(axes, confusions.items(), strict=True):
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        picture = axis.imshow(shares[np.ix_(order, order)], cmap="Blues", vmin=0, vmax=100)
        axis.set_title(f"{method}\ntop-1 {100 * counts.trace() / max(counts.sum(), 1):.1f} %", fontsize=9)
        axis.grid(visible=False)
        axis.set_xlabel("predicted class")
    places, shown = (range(len(names)), [names[i] for i in order]) if named else ([], [])
    for axis in axes[(len(axes) - 1) // columns * columns :]:  # the last row; all others share its ticks, without names
        axis.set_xticks(places, shown, rotation=90, fontsize=7)
    for axis in axes[::columns]:
        axis.set_yticks(places, shown, fontsize=7)
    axes[0].set_ylabel("true class")
    figure.colorbar(picture, ax=axes, label="videos of the true class (%)", shrink=0.7, pad=0.01)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=10)
    return figure


def _row_label(row: str, group: str, quoted: bool) -> str:
    return row + (f" ({group})" if group else "") + (" †" if quoted else "")


def _titled(name: str, videos: int | None) -> str:
    return f"{name} (N = {videos:,})" if videos else name


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend under all panels."""
    entries = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if entries:
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=min(4, len(entries)))
