"""Pictures of attention (paper, Figures 1 and 7): a video's frames, and below them a row of overlays for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.reading import Reading, Seen, caption
from tcclip.reporting import style
from tcclip.reporting.blocks import Block, wrapped
from tcclip.reporting.film import write_film
from tcclip.reporting.overlay import COLOURS, Array, end_of_scale, overlaid, relative

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

SHOWN = 8  # frames side by side
BESIDE = 1.75  # inches for what a row says
LARGEST = 1.8  # inches of a frame
ABOVE, BELOW = 0.25, 0.8  # inches: the frames' numbers; the scale and the caption
BESIDE_LETTERS = 25  # of a line beside a row
RIGHT = "✓"  # beside a prediction that is the video's class
SUFFIXES = (".png", ".pdf", ".gif", ".mp4")


class Sheet(NamedTuple):
    """What is to be drawn."""

    rows: Sequence[Seen]
    painted: Sequence[Array]  # the rows' overlays, (T, S, S, 3) in 0..1
    end: float  # of the scale, in mean patches
    caption: str
    truth: str | None  # the video's class

    @property
    def numbers(self) -> list[int]:
        """Of the frames in the video, (T,), those of the first run."""
        found: list[int] = self.rows[0].clip.numbers.tolist()
        return found

    @property
    def pictures(self) -> NDArray[np.uint8]:
        """The frames of the first run, (T, S, S, 3)."""
        return self.rows[0].clip.pictures


def write_attention(rows: Sequence[Seen], reading: Reading, video: str, truth: str | None, out: Path) -> None:
    """Write a still picture (*.png, *.pdf), or a film that shows the frames one after the other (*.gif, *.mp4).

    rows: what runs see in `video` by one reading; truth: its class, where it is known.
    """
    sheet = sheet_of(rows, reading, video, truth)
    if out.suffix in (".gif", ".mp4"):
        write_film([moment(sheet, at) for at in range(len(sheet.numbers))], out)
    else:
        style.save(still(sheet), out)


def sheet_of(rows: Sequence[Seen], reading: Reading, video: str, truth: str | None) -> Sheet:
    """The overlays of all rows at one scale; arguments as for `write_attention`."""
    maps = [relative(row.patches) for row in rows]
    end = end_of_scale(maps)
    painted = [overlaid(row.clip.pictures, each, end) for row, each in zip(rows, maps, strict=True)]
    return Sheet(rows, painted, end, caption(reading, video, rows, truth), truth)


@style.styled
def still(sheet: Sheet) -> Figure:
    """A figure of the sheet alone."""
    from matplotlib.figure import Figure

    block, width = sheet_block(sheet), BESIDE + _shown(sheet) * _side(sheet)
    figure = Figure(figsize=(width, block.height))
    block.draw(figure, width)
    return figure


def sheet_block(sheet: Sheet) -> Block:
    """Frames, then a row of overlays for each run, its name and predictions beside it."""
    height = (len(sheet.rows) + 1) * _side(sheet) + ABOVE + BELOW
    return Block(height, lambda figure, width: _draw(figure, sheet, width, height))


def _shown(sheet: Sheet) -> int:
    return min(len(sheet.numbers), SHOWN)


def _side(sheet: Sheet) -> float:
    return min((style.WIDTH - BESIDE) / _shown(sheet), LARGEST)


def _draw(figure: FigureBase, sheet: Sheet, width: float, height: float) -> None:
    count, rows = _shown(sheet), len(sheet.rows) + 1
    right = 0.998 * (BESIDE + count * _side(sheet)) / width
    edges = {"left": BESIDE / width, "right": right, "top": 1 - ABOVE / height, "bottom": BELOW / height}
    grid = figure.subplots(rows, count, squeeze=False, gridspec_kw={**edges, "wspace": 0.03, "hspace": 0.03})
    for axis, at in zip(grid[0], spread(len(sheet.numbers), count), strict=True):
        _show(axis, sheet.pictures[at])
        axis.set_title(f"frame {sheet.numbers[at]}", fontsize=8, fontweight="normal", loc="center", pad=3)
    beside(grid[0, 0], ["the video's frames"])
    for row, frames, axes in zip(sheet.rows, sheet.painted, grid[1:], strict=True):
        for axis, at in zip(axes, spread(len(frames), count), strict=True):
            _show(axis, frames[at])
        name = in_lines(row.name)
        beside(axes[0], [*name, *[""] * (len(name) < 3), *_predictions(row, sheet.truth, 3)])
    _scale(figure, sheet.end, (0.03, 0.6 * BELOW / height, (BESIDE - 0.75) / width, 0.1 / height))
    text = wrapped(sheet.caption, width - BESIDE)
    figure.text(BESIDE / width, 0.8 * BELOW / height, text, fontsize=8, va="top")


@style.styled
def moment(sheet: Sheet, at: int) -> Figure:
    """One frame of the film: the picture, and beside it what each run sees of it."""
    from matplotlib.figure import Figure

    side, columns, above, below = 2.4, len(sheet.rows) + 1, 0.9, 0.85
    height = side + above + below
    figure = Figure(figsize=(side * columns, height), dpi=100)
    edges = {"left": 0.01, "right": 0.99, "bottom": below / height, "top": 1 - above / height}
    axes = figure.subplots(1, columns, squeeze=False, gridspec_kw={**edges, "wspace": 0.03})[0]
    _show(axes[0], sheet.pictures[at])
    axes[0].set_title(f"frame {sheet.numbers[at]}", fontsize=8, fontweight="normal")
    for axis, row, pictures in zip(axes[1:], sheet.rows, sheet.painted, strict=True):
        _show(axis, pictures[at * len(pictures) // len(sheet.numbers)])
        lines = [*in_lines(row.name), *_predictions(row, sheet.truth, 2)]
        axis.set_title("\n".join(lines), fontsize=8, fontweight="normal")
    text = wrapped(sheet.caption, side * columns)
    figure.text(0.01, 0.75 * below / height, text, fontsize=8, va="top")
    return figure


def spread(total: int, count: int) -> list[int]:
    """`count` of `total` places, evenly spread."""
    return [(2 * place + 1) * total // (2 * count) for place in range(count)]


def beside(axis: Axes, lines: Sequence[str]) -> None:
    """What a row is, at the left of its first frame."""
    axis.text(-0.08, 0.5, "\n".join(lines), transform=axis.transAxes, ha="right", va="center", fontsize=8)


def in_lines(name: str) -> list[str]:
    """A run's name in lines that end between its parts."""
    lines = [""]
    for part in name.split("-"):
        joined = f"{lines[-1]}-{part}" if lines[-1] else part
        if len(joined) <= BESIDE_LETTERS:
            lines[-1] = joined
        else:
            lines[-1] += "-"
            lines.append(part)
    return lines


def _predictions(row: Seen, truth: str | None, top: int) -> list[str]:
    """The best classes of a run; the right one is marked."""
    return [f"{share:.0%} {_cut(name)}{f' {RIGHT}' * (name == truth)}" for name, share in row.predictions[:top]]


def _cut(name: str) -> str:
    return name if len(name) <= BESIDE_LETTERS - 6 else name[: BESIDE_LETTERS - 7] + "…"


def _show(axis: Axes, picture: NDArray[np.generic]) -> None:
    axis.imshow(picture, interpolation="bilinear")
    axis.set_axis_off()


def _scale(figure: FigureBase, end: float, place: tuple[float, float, float, float]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axis = figure.add_axes(place)
    bar = figure.colorbar(ScalarMappable(Normalize(0, end), COLOURS), cax=axis, orientation="horizontal")
    bar.outline.set_visible(False)
    apart = end < 5  # else the words for 0 and 1 would lie on each other
    bar.set_ticks([0, *[1] * apart, end], labels=["0", *["mean"] * apart, f"{end:.1f} x{'' if apart else ' mean'}"])
    axis.tick_params(labelsize=8, length=2)
