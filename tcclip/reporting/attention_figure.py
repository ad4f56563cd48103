"""Pictures of attention (paper, Figures 1 and 7): a video's frames, and below them a row of overlays for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.opened_run import Clip
from tcclip.attention.reading import AttentionReading, SeenClip, caption
from tcclip.data.splits.class_names import same_name
from tcclip.reporting import style
from tcclip.reporting.figure_blocks import LINE, FigureBlock, alone, wrapped
from tcclip.reporting.film import write_film
from tcclip.reporting.frame_rows import FrameRows, room_below, say_beside
from tcclip.reporting.overlay import COLOURS, Array, end_of_scale, overlaid, relative

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

BESIDE, BELOW = 1.75, 0.8  # inches: for what a row says; for the scale and a caption of few lines
FILM_SCALE = 0.35  # inches: the scale below the pictures of a film
BESIDE_LETTERS = 25  # of a line beside a row
RIGHT = "✓"  # beside a prediction that is the video's class
SUFFIXES = (".png", ".pdf", ".gif", ".mp4")


class Sheet(NamedTuple):
    """What is to be drawn."""

    rows: Sequence[SeenClip]  # whose clips may have different T
    painted: Sequence[Array]  # the rows' overlays, (T, S, S, 3) in 0..1
    end: float  # of the scale, in mean patches
    caption: str
    truth: str | None  # the video's class

    @property
    def clip(self) -> Clip:
        """The first run's, whose moments are shown; of the other runs it is the frames nearest to them."""
        return self.rows[0].clip


def write_attention(
    rows: Sequence[SeenClip], reading: AttentionReading, video: str, truth: str | None, out: Path
) -> None:
    """Write a still picture (*.png, *.pdf), or a film that shows the frames one after the other (*.gif, *.mp4).

    rows: what runs see in `video` by one reading; truth: its class, where it is known.
    """
    sheet = sheet_of(rows, reading, video, truth)
    if out.suffix in (".gif", ".mp4"):
        write_film([moment(sheet, at) for at in range(len(sheet.clip.numbers))], out, sheet.caption)
    else:
        style.save(still(sheet), out, sheet.caption)


def sheet_of(rows: Sequence[SeenClip], reading: AttentionReading, video: str, truth: str | None) -> Sheet:
    """The overlays of all rows at one scale; arguments as for `write_attention`."""
    maps = [relative(row.patches) for row in rows]
    end = end_of_scale(maps)
    painted = [overlaid(row.clip.pictures, each, end) for row, each in zip(rows, maps, strict=True)]
    return Sheet(rows, painted, end, caption(reading, video, rows, truth), truth)


def still(sheet: Sheet) -> Figure:
    """A figure of the sheet alone."""
    return alone(sheet_block(sheet), _rows(sheet).width)


def sheet_block(sheet: Sheet) -> FigureBlock:
    """Frames, then a row of overlays for each run, its name and predictions beside it."""
    return FigureBlock(_rows(sheet).height, lambda figure, width: _draw(figure, sheet, width))


def _rows(sheet: Sheet) -> FrameRows:
    return FrameRows(sheet.clip.numbers, len(sheet.rows) + 1, BESIDE, sheet.caption, BELOW)


def _draw(figure: FigureBase, sheet: Sheet, width: float) -> None:
    rows = _rows(sheet)
    grid, places, height = rows.axes(figure, width), rows.places, rows.height
    for axis, at in zip(grid[0], places, strict=True):
        _show(axis, sheet.clip.pictures[at])
    say_beside(grid[0, 0], ["the video's frames"])
    for row, frames, axes in zip(sheet.rows, sheet.painted, grid[1:], strict=True):
        for axis, at in zip(axes, places, strict=True):
            _show_at(axis, row.clip, frames, sheet.clip, at)
        name = in_lines(row.name)
        say_beside(axes[0], [*name, *[""] * (len(name) < 3), *_predictions(row, sheet.truth, 3)])
    _scale(figure, sheet.end, (0.03, (rows.below - 0.32) / height, (BESIDE - 0.75) / width, 0.1 / height))


@style.styled
def moment(sheet: Sheet, at: int) -> Figure:
    """One frame of the film: the picture, and beside it what each run sees of it."""
    from matplotlib.figure import Figure

    side, columns, above = 2.4, len(sheet.rows) + 1, 0.9
    width = side * columns
    below = room_below(sheet.caption, width, 0.85)
    height = above + side + FILM_SCALE + below
    figure = Figure(figsize=(width, height), dpi=100)
    edges = {"left": 0.01, "right": 0.99, "bottom": (FILM_SCALE + below) / height, "top": 1 - above / height}
    axes = figure.subplots(1, columns, squeeze=False, gridspec_kw={**edges, "wspace": 0.03})[0]
    _show(axes[0], sheet.clip.pictures[at])
    axes[0].set_title(f"frame {sheet.clip.numbers[at]}", fontsize=8, fontweight="normal")
    for axis, row, pictures in zip(axes[1:], sheet.rows, sheet.painted, strict=True):
        _show_at(axis, row.clip, pictures, sheet.clip, at)
        lines = [*in_lines(row.name), *_predictions(row, sheet.truth, 2)]
        axis.set_title("\n".join(lines), fontsize=8, fontweight="normal")
    _scale(figure, sheet.end, (0.15 / width, (below + 0.15) / height, 1 / width, 0.1 / height))
    text = wrapped(sheet.caption, width)
    figure.text(0.01, (below - LINE) / height, text, fontsize=8, va="top")
    return figure


def nearest(clip: Clip, other: Clip, at: int) -> int:
    """The place of the frame of `clip` that is nearest in the video to frame `at` of another clip of it.

    A short video's frames are in a clip several times: of these it is the one that is as far into its clip.
    """
    ours, theirs = len(clip.numbers), len(other.numbers)
    apart = np.abs(clip.numbers - other.numbers[at]) + np.abs((np.arange(ours) + 0.5) / ours - (at + 0.5) / theirs)
    return int(apart.argmin())


def in_lines(name: str) -> list[str]:
    """A run's name in lines that end between its parts."""
    lines = [""]
    for part in name.split("-"):
        joined = f"{lines[-1]}-{part}" if lines[-1] else part
        if len(joined) <= BESIDE_LETTERS or not lines[-1]:
            lines[-1] = joined
        else:
            lines[-1] += "-"
            lines.append(part)
    return lines


def _predictions(row: SeenClip, truth: str | None, top: int) -> list[str]:
    """The best classes of a run; the right one is marked."""
    true = None if truth is None else same_name(truth)
    best = row.predictions[:top]
    return [f"{share:.0%} {_cut(name)}{f' {RIGHT}' * (same_name(name) == true)}" for name, share in best]


def _cut(name: str) -> str:
    return name if len(name) <= BESIDE_LETTERS - 6 else name[: BESIDE_LETTERS - 7] + "…"


def _show(axis: Axes, picture: NDArray[np.generic]) -> None:
    axis.imshow(picture, interpolation="bilinear")
    axis.set_axis_off()


def _show_at(axis: Axes, clip: Clip, pictures: Array, moments: Clip, at: int) -> None:
    """What a run has at moment `at` of another clip, with the number of its frame where it is another one."""
    place = nearest(clip, moments, at)
    _show(axis, pictures[place])
    if clip.numbers[place] != moments.numbers[at]:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
        text = f"frame {clip.numbers[place]}"
        axis.text(0.03, 0.04, text, transform=axis.transAxes, ha="left", va="bottom", fontsize=8, bbox=box)


def _scale(figure: FigureBase, end: float, place: tuple[float, float, float, float]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axis = figure.add_axes(place)
    bar = figure.colorbar(ScalarMappable(Normalize(0, end), COLOURS), cax=axis, orientation="horizontal")
    bar.outline.set_visible(False)
    apart = end < 5  # else the words for 0 and 1 would lie on each other
    bar.set_ticks([0, *[1] * apart, end], labels=["0", *["mean"] * apart, f"{end:.1f} x{'' if apart else ' mean'}"])
    axis.tick_params(labelsize=8, length=2)
