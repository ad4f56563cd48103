"""How figures look: one palette, one size of type, no boxes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, ParamSpec

from tcclip.process.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Arguments = ParamSpec("Arguments")

INK, FAINT = "#1f2933", "#d9dee4"
PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7b52ab"]
UNTRAINED = "#7a8591"  # methods without training
MARKERS = "o^sXDvP<*"  # as many as have no common divisor with the colours, so that pairs of both repeat late
LINES = ["-", "-.", ":"]  # one per round of the palette; "--" is for what is quoted
WIDTH = 9.0  # inches
SETTINGS = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # where it is if nothing is above an axis; to look for a place costs a tenth of a chart
    "axes.titlecolor": INK,
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
    "text.parse_math": False,  # names of videos and classes may have dollars, and no text has formulas
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "figure.dpi": 100,
    "savefig.dpi": 160,
}


class Look(NamedTuple):
    """How a method is told from others: by colour and marker, and in lines by their dashes, too."""

    color: str
    marker: str
    line: str


def look(number: int) -> Look:
    """The look of place `number`; those of 72 places differ in colour or marker."""
    line = LINES[number // len(PALETTE) % len(LINES)]
    return Look(PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)], line)


def looks(methods: Iterable[str], untrained: Iterable[str] = ()) -> dict[str, Look]:
    """One look per method, the same in every figure that is given the same methods in the same order."""
    found = {name: look(number)._replace(color=UNTRAINED) for number, name in enumerate(dict.fromkeys(untrained))}
    trained = [name for name in dict.fromkeys(methods) if name not in found]
    return found | {name: look(number) for number, name in enumerate(trained)}


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Draw with SETTINGS; matplotlib reads them when a title or a legend is made, not when the file is written."""

    @functools.wraps(draw)
    def inner(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(SETTINGS):
            return draw(*args, **kwargs)

    return inner


def panels(count: int, columns: int, height: float, share_y: bool = True) -> tuple[Figure, list[Axes]]:
    """A figure with `count` axes in rows of `columns`; `height` is one row's, in inches."""
    from matplotlib.figure import Figure

    width = max(WIDTH * min(count, columns) / columns, 0.6 * WIDTH)
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    flat = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=share_y).flat)
    for spare in flat[count:]:
        spare.set_visible(False)
    return figure, flat[:count]


def save(figure: Figure, path: Path, caption: str = "") -> Path:
    """Write a PNG or PDF that is complete or absent and carries its caption; the same figure gives the same bytes."""
    import matplotlib

    with matplotlib.rc_context(SETTINGS), atomic(path) as part:
        if path.suffix == ".pdf":
            undated = {"Creator": None, "Producer": None, "CreationDate": None}
            figure.savefig(part, format="pdf", metadata={**undated, **({"Subject": caption} if caption else {})})
        else:
            _save_png(figure, part, caption)
    return path


def _save_png(figure: Figure, path: Path, caption: str) -> None:
    """As `savefig`, which draws once more before, into nothing, to find a layout; drawing it finds it, too."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imsave

    dpi = matplotlib.rcParams["savefig.dpi"]
    before = figure.dpi
    figure.dpi = dpi
    canvas = FigureCanvasAgg(figure)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.get_label_text():
                axis.set_label_coords(0, 0)  # anywhere, so that no place is looked for among all tick labels
    canvas.draw()
    said = {"Description": caption} if caption else {}
    imsave(path, canvas.buffer_rgba(), format="png", origin="upper", dpi=dpi, metadata={"Software": None, **said})
    figure.dpi = before
