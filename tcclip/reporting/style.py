"""How figures look: one palette, one size of type, no boxes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.files import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT = "#1f2933", "#d9dee4"
PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7b52ab"]
UNTRAINED = "#7a8591"  # methods without training
WIDTH = 9.0  # inches
SETTINGS = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "figure.dpi": 100,
    "savefig.dpi": 160,
}


def colors(methods: Iterable[str], untrained: Iterable[str] = ()) -> dict[str, str]:
    """One colour per method, the same in every figure that is given the same methods in the same order."""
    found = {name: UNTRAINED for name in untrained}
    trained = [name for name in dict.fromkeys(methods) if name not in found]
    return found | {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(trained)}


def panels(count: int, columns: int, height: float, share_y: bool = True) -> tuple[Figure, list]:
    """A figure with `count` axes in rows of `columns`; `height` is one row's, in inches."""
    import matplotlib
    from matplotlib.figure import Figure

    columns = min(columns, count)
    rows = -(-count // columns)
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, height * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=share_y)
    flat = list(axes.flat)
    for spare in flat[count:]:
        spare.set_visible(False)
    return figure, flat[:count]


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG that is complete or absent; the same figure gives the same bytes."""
    import matplotlib

    with matplotlib.rc_context(SETTINGS), atomic(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
    return path
